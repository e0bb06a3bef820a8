/** Values put into settings that people wrote, and taken out again. */
import fc from "fast-check";
import { parse as parseJsonc } from "jsonc-parser";
import { parse as parseToml, stringify } from "smol-toml";
import { describe, expect, test } from "vitest";
import { putJsonc, takeOutJsonc } from "../../src/cli/edit/jsonc.ts";
import { putToml, takeOutToml } from "../../src/cli/edit/toml.ts";
import type { Edited, Made } from "../../src/cli/edit/text.ts";
import type { Json, Put } from "../../src/cli/hosts/host.ts";

const SERVER: Put = { at: ["mcpServers", "hub"], value: { command: "node", args: ["a b", 'c"d'], env: {} } };
const ALLOW: Put = { at: ["permissions", "allow"], item: "mcp__hub__spf_channel" };
const TABLE = { command: "C:\\node.exe", args: ["mcp"], env: { A: 'x"y', "b c": "\u007f" }, tool_timeout_sec: 90 };
const CODEX: Put = { at: ["mcp_servers", "hub"], value: TABLE };

function valueOf<T>(result: Edited<T>): T {
  if (!result.ok) throw new Error(`line ${result.unfit.line}: ${result.unfit.why}`);
  return result.value;
}

function put(text: string, what: Put, how = putJsonc): { readonly text: string; readonly made: Made } {
  const { text: next, made } = valueOf(how(text, what));
  if (made === undefined) throw new Error("nothing was put");
  // Said already, it is not said twice.
  expect(valueOf(how(next, what))).toEqual({ text: next, made: undefined });
  return { text: next, made };
}

const WRITTEN: readonly (readonly [string, string])[] = [
  ["an object", '{\n  "theme": "dark"\n}\n'],
  ["comments and a trailing comma", '// mine\n{\n  "a": [1, 2, ], // why\n  /* b */ "b": { "c": null, },\n}\n'],
  ["another server", '{\n  "mcpServers": {\n    "other": { "command": "x" } // keep\n  }\n}'],
  ["a comment behind the last value", '{\n  "mcpServers": {\n    "other": 1 // keep\n    // and this\n  }\n}\n'],
  ["lists", '{\n\t"permissions": {\n\t\t"allow": ["Bash(ls)"],\n\t\t"deny": []\n\t}\n}\n'],
  ["lines of Windows and a mark at the start", '\uFEFF{\r\n    "a": 1\r\n}\r\n'],
  ["one line", '{"a":1,"mcpServers":{"x":{}}}'],
  ["empty holders of its own", '{ "mcpServers": {}, "permissions": { "allow": [] } }\n'],
];

describe("[HST5] JSON with comments", () => {
  test.each(WRITTEN)("%s: what is put says so, all else stays, and comes out again", (_what, text) => {
    for (const what of [SERVER, ALLOW]) {
      const before = parseJsonc(text.replace("\uFEFF", "")) as object;
      const done = put(text, what);
      const says = parseJsonc(done.text.replace("\uFEFF", "")) as Record<string, Record<string, Json>>;
      const found = says[what.at[0] ?? ""]?.[what.at[1] ?? ""];
      if ("item" in what) expect(found).toContain(what.item);
      else expect(found).toEqual(what.value);
      for (const comment of text.match(/\/\/.*|\/\*.*?\*\//g) ?? []) expect(done.text).toContain(comment);
      expect(done.text.includes("\r\n")).toBe(text.includes("\r\n"));
      const back = valueOf(takeOutJsonc(done.text, done.made));
      expect(parseJsonc(back.replace("\uFEFF", ""))).toEqual(before);
      for (const comment of text.match(/\/\/.*|\/\*.*?\*\//g) ?? []) expect(back).toContain(comment);
    }
  });

  test("where nothing was, nothing is left: holders that came along go as well", () => {
    const text = '{\n  "theme": "dark"\n}\n';
    for (const what of [SERVER, ALLOW]) {
      const done = put(text, what);
      expect(valueOf(takeOutJsonc(done.text, done.made))).toBe(text);
    }
    for (const empty of ["", "  \n", "{}"]) {
      const done = put(empty, SERVER);
      expect(JSON.parse(valueOf(takeOutJsonc(done.text, done.made)))).toEqual({});
    }
  });

  test("what others put beside it since stays, and a value that it replaced comes back", () => {
    const done = put("{}", SERVER);
    const more = valueOf(putJsonc(done.text, { at: ["mcpServers", "other"], value: 1 })).text;
    expect(parseJsonc(valueOf(takeOutJsonc(more, done.made)))).toEqual({ mcpServers: { other: 1 } });
    const old = put('{"mcpServers":{"hub":{"command":"old"}}}', SERVER);
    expect(JSON.parse(valueOf(takeOutJsonc(old.text, old.made)))).toEqual({ mcpServers: { hub: { command: "old" } } });
    expect(valueOf(takeOutJsonc('{ "gone": true }', done.made))).toBe('{ "gone": true }');
  });

  test.each([
    ['{\n  "a": 1,\n  oops\n}', 3],
    ['{\n "a": 1\n', 3],
    ["[]", 1],
    ['{\n\n  "mcpServers": []\n}', 3],
    ['{\n  "mcpServers": null }', 2],
    ['{"a": 1} trailing', 1],
  ])("what does not parse, or can hold nothing, is told with its line: %j", (text, line) => {
    expect(putJsonc(text, SERVER)).toEqual({ ok: false, unfit: { line, why: expect.any(String) } });
  });

  test("names of every object are no values of it", () => {
    const what: Put = { at: ["constructor", "toString"], value: { a: 1 } };
    const done = put("{}", what);
    expect(JSON.parse(done.text)).toEqual({ constructor: { toString: { a: 1 } } });
    expect(JSON.parse(valueOf(takeOutJsonc(done.text, done.made)))).toEqual({});
  });

  test("any object keeps what it says", () => {
    const objects = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(objects, fc.constantFrom(0, 2, "\t"), (object, indent) => {
        const text = JSON.stringify(object, undefined, indent);
        const tried = putJsonc(text, { at: ["mcpServers", "hub"], value: { a: [] } });
        fc.pre(tried.ok && tried.value.made !== undefined);
        if (!tried.ok || tried.value.made === undefined) return;
        const back = valueOf(takeOutJsonc(tried.value.text, tried.value.made));
        expect(JSON.stringify(JSON.parse(back))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });
});

const TOML_TEXTS: readonly string[] = [
  "",
  'model = "x"\n',
  'model = "x"',
  "# mine\n\n[a] # why\nb = 1\n\n\n",
  '[mcp_servers.other]\ncommand = "x"\nargs = [\n  "[mcp_servers.hub]", # no header\n]\n\n[z]\ny = """\n[mcp_servers.hub]\n"""\n',
  "a = 1\r\n[b]\r\nc = '''\r\n[x]\r\n'''\r\n",
  "[[list]]\na = 1\n[[list]]\na = { b = 2 }\n",
  "at = 2026-11-27T07:00:00Z\nbig = 9223372036854775807\n",
];

describe("[HST5] TOML", () => {
  test.each(TOML_TEXTS)("what is put says so, all else stays as it is, and comes out again: %j", (text) => {
    const done = put(text, CODEX, putToml);
    expect(done.text.startsWith(text)).toBe(true);
    expect(
      JSON.parse(JSON.stringify(parseToml(done.text, { integersAsBigInt: "asNeeded" })["mcp_servers"], bigints)),
    ).toMatchObject({
      hub: TABLE,
    });
    const back = valueOf(takeOutToml(done.text, done.made));
    // A last line that had no end gets one.
    expect([text, `${text}\n`]).toContain(back);
  });

  test("what the host wrote into the table since goes with it; what stands behind stays", () => {
    const done = put('model = "x"\n', CODEX, putToml);
    const more = `${done.text}\n[mcp_servers.hub.tools.spf_channel]\napproval_mode = "approve"\n\n# of another\n[tui]\na = 1\n`;
    expect(valueOf(takeOutToml(more, done.made))).toBe('model = "x"\n\n# of another\n[tui]\na = 1\n');
  });

  test("a table that was there is replaced, and comes back", () => {
    const text = '[mcp_servers.hub]\nurl = "old"\n[mcp_servers.hub.env]\nA = "1"\n\n[z]\n';
    const done = put(text, CODEX, putToml);
    expect(done.made.before).toEqual({ url: "old", env: { A: "1" } });
    const back = parseToml(valueOf(takeOutToml(done.text, done.made)));
    expect(JSON.parse(JSON.stringify(back))).toEqual({ mcp_servers: { hub: { url: "old", env: { A: "1" } } }, z: {} });
  });

  test.each([
    ['a = 1\nb = "\n', 2],
    ["a = 1\na = 2\n", 2],
    ['x = 1\nmcp_servers = { other = { command = "x" } }\n', 2],
    ['x = 1\nmcp_servers.hub.command = "x"\n', 2],
    ['[mcp_servers]\nhub = { command = "x" }\n', 2],
  ])(
    "what does not parse, or is written so that a table cannot stand beside it, is told with its line: %j",
    (text, line) => {
      expect(putToml(text, CODEX)).toEqual({ ok: false, unfit: { line, why: expect.any(String) } });
    },
  );

  test("any tables keep what they say", () => {
    const values = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.array(fc.string()),
      fc.dictionary(fc.string(), fc.string()),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.dictionary(fc.string(), values)), (tables) => {
        const text = stringify(tables);
        const tried = putToml(text, CODEX);
        fc.pre(tried.ok && tried.value.made !== undefined);
        if (!tried.ok || tried.value.made === undefined) return;
        expect([text, `${text}\n`]).toContain(valueOf(takeOutToml(tried.value.text, tried.value.made)));
      }),
    );
  });
});

function bigints(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
