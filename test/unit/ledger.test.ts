/** Files of hosts, as set-ups change them and leave them again. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Failed } from "../../src/cli/exit.ts";
import type { Edit } from "../../src/cli/hosts/host.ts";
import { diffLines } from "../../src/cli/setup/diff.ts";
import { Ledger } from "../../src/cli/setup/ledger.ts";
import { planEdits } from "../../src/cli/setup/plan.ts";

interface Home {
  readonly path: string;
  readonly ledger: Ledger;
  readonly file: (name: string, text?: string | Buffer) => string;
  readonly names: () => readonly string[];
}

function home(): Home {
  const path = mkdtempSync(join(tmpdir(), "channel-hub-ledger-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  const file = (name: string, text?: string | Buffer): string => {
    const at = join(path, name);
    if (text !== undefined) mkdirSync(dirname(at), { recursive: true });
    if (text !== undefined) writeFileSync(at, text);
    return at;
  };
  const names = (): readonly string[] =>
    readdirSync(path, { recursive: true, encoding: "utf8" })
      .filter((name) => !name.startsWith("kept"))
      .toSorted();
  return { path, ledger: new Ledger(join(path, "kept")), file, names };
}

function server(file: string, command = "node"): Edit {
  return {
    file,
    format: "jsonc",
    put: [{ at: ["mcpServers", "hub"], value: { command, env: { CHANNEL_HUB_URL: "x" } } }],
  };
}

function codex(file: string): Edit {
  return { file, format: "toml", put: [{ at: ["mcp_servers", "hub"], value: { command: "channel-hub" } }] };
}

function undo(ledger: Ledger, id: string): readonly (string | undefined)[] {
  return ledger.undo(id).map(({ run }) => run());
}

const BYTES: readonly (readonly [string, Buffer])[] = [
  ["comments", Buffer.from('// a\n{ "x": [1,],  /* b */ }')],
  ["lines of Windows, and a mark", Buffer.from('\uFEFF{\r\n\t"x": 1\r\n}\r\n')],
  ["an empty file", Buffer.from("")],
  ["odd spaces", Buffer.from('{   "x":1   }\n\n\n')],
];

test.each(BYTES)("[HST5] %s: a backup beside it, and byte for byte the same when taken out again", (_what, bytes) => {
  const { ledger, file, names } = home();
  const path = file("a/settings.json", bytes);
  chmodSync(path, 0o640);
  ledger.apply(planEdits([server(path)]), "one");
  expect(readFileSync(path, "utf8")).toContain("CHANNEL_HUB_URL");
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(readFileSync(`${path}.before-channel-hub`).equals(bytes)).toBe(true);
  undo(ledger, "one");
  expect(readFileSync(path).equals(bytes)).toBe(true);
  expect(names()).toEqual(["a", "a/settings.json"]);
  expect(ledger.undo("one")).toEqual([]);
});

test("[HST5] what was not there is not there again: neither files nor folders", () => {
  const { ledger, file, names } = home();
  const edits = [
    server(file("a/b/c.json")),
    codex(file("d/e.toml")),
    { file: file("a/f.js"), format: "own", text: "f" } as const,
  ];
  ledger.apply(planEdits(edits), "one");
  expect(names()).toContain("a/f.js");
  expect(statSync(file("a/b/c.json")).mode & 0o777).toBe(0o600);
  undo(ledger, "one");
  expect(names()).toEqual([]);
});

test("[HST5] what others wrote meanwhile stays: ours alone goes, and the backup is kept", () => {
  const { ledger, file } = home();
  const path = file("s.json", '{\n  "a": 1\n}\n');
  ledger.apply(planEdits([server(path)]), "one");
  writeFileSync(path, readFileSync(path, "utf8").replace('"a": 1,', '"a": 2, // mine'));
  expect(undo(ledger, "one")).toEqual([`${path}.before-channel-hub`]);
  expect(readFileSync(path, "utf8")).toBe('{\n  "a": 2 // mine\n}\n');
  expect(readFileSync(`${path}.before-channel-hub`, "utf8")).toBe('{\n  "a": 1\n}\n');
});

test("[HST5] set up again, it is said once, the first backup stays, and one removal takes all out", () => {
  const { ledger, file, names } = home();
  const path = file("s.json", '{"mcpServers":{"hub":{"url":"channel-hub, by hand"}}}');
  const before = readFileSync(path);
  ledger.apply(planEdits([server(path)]), "one");
  ledger.apply(planEdits([server(path)]), "one");
  ledger.apply(planEdits([server(path, "newer node")]), "one");
  expect(readFileSync(path, "utf8")).toContain("newer node");
  expect(names()).toEqual(["s.json", "s.json.before-channel-hub"]);
  undo(ledger, "one");
  expect(readFileSync(path).equals(before)).toBe(true);
});

test("[HST5] what two set-ups share goes with the last of them", () => {
  const { ledger, file } = home();
  const [shared, own] = [file("s.toml", "a = 1\n"), file("p.json", "{}")];
  ledger.apply(planEdits([codex(shared)]), "one");
  ledger.apply(planEdits([codex(shared), server(own)]), "two");
  undo(ledger, "one");
  expect(readFileSync(shared, "utf8")).toContain("[mcp_servers.hub]");
  undo(ledger, "two");
  expect([readFileSync(shared, "utf8"), readFileSync(own, "utf8")]).toEqual(["a = 1\n", "{}"]);
});

test("[HST5] what its user had written before stays when ours goes", () => {
  const { ledger, file } = home();
  const path = file("s.json", '{"permissions":{"allow":["x"]}}');
  const allow = (item: string): Edit => ({
    file: path,
    format: "jsonc",
    put: [{ at: ["permissions", "allow"], item }],
  });
  ledger.apply(planEdits([allow("x"), allow("y")]), "one");
  writeFileSync(path, `${readFileSync(path, "utf8")}\n`);
  undo(ledger, "one");
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ permissions: { allow: ["x"] } });
});

test("[HST5] a link stays a link, and what it leads to is changed", () => {
  const { ledger, file, path } = home();
  const real = file("dotfiles/s.json", "{}");
  symlinkSync(real, join(path, "s.json"));
  ledger.apply(planEdits([server(join(path, "s.json"))]), "one");
  expect(lstatSync(join(path, "s.json")).isSymbolicLink()).toBe(true);
  expect(readFileSync(real, "utf8")).toContain("CHANNEL_HUB_URL");
  undo(ledger, "one");
  expect(readFileSync(real, "utf8")).toBe("{}");
});

test.each([
  ["does not parse", '{\n  "a": 1,\n  b\n}', /s\.json, line 3: /],
  ["is somebody else's server", '{"mcpServers":{"hub":{"command":"docker"}}}', /has a mcpServers\.hub already/],
  ["is no UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), /s\.json is no UTF-8 text/],
])("[HST5] what %s is named and left alone, and nothing else is written either", (_what, text, says) => {
  const { ledger, file, names } = home();
  const [good, bad] = [file("good.json", "{}"), file("s.json", text)];
  const plan = (): unknown => planEdits([server(good), server(bad)]);
  expect(plan).toThrow(says);
  expect(plan).toThrow(Failed);
  expect(readFileSync(good, "utf8")).toBe("{}");
  expect(readFileSync(bad).equals(Buffer.from(text))).toBe(true);
  expect([names(), ledger.undo("one")]).toEqual([["good.json", "s.json"], []]);
});

test("[HST5] a file that is read-only, a folder, or a link to nothing is named", () => {
  const { file, path } = home();
  chmodSync(file("s.json", "{}"), 0o444);
  expect(() => planEdits([server(file("s.json"))])).toThrow("s.json is read-only");
  mkdirSync(file("folder"));
  expect(() => planEdits([server(file("folder"))])).toThrow("folder is no file");
  symlinkSync(file("nowhere"), join(path, "link"));
  expect(() => planEdits([server(join(path, "link"))])).toThrow("link is a link to nothing");
});

test("[HST5] a file that another program changes between the plan and the writing is not overwritten, and the others are put back", () => {
  const { ledger, file, names } = home();
  const [first, second] = [file("1.json", "{}"), file("2.json", "{}")];
  const changes = planEdits([server(first), server(second), server(file("3/new.json"))]);
  writeFileSync(second, '{"mine":1}');
  expect(() => ledger.apply(changes, "one")).toThrow(`${second} was changed by another program meanwhile`);
  expect([readFileSync(first, "utf8"), readFileSync(second, "utf8")]).toEqual(["{}", '{"mine":1}']);
  expect(names().filter((name) => name.startsWith("3"))).toEqual([]);
  expect(ledger.undo("one")).toEqual([]);
  // One that was made or removed meanwhile counts as changed too.
  const late = planEdits([server(file("late.json"))]);
  file("late.json", "{}");
  expect(() => ledger.apply(late, "one")).toThrow("meanwhile");
  expect(names().filter((name) => name.includes("before") || name.startsWith("."))).toEqual([]);
});

test("[HST5] the diff shows the file, what comes, and nothing that is far from it", () => {
  const { file, path } = home();
  const text = '{\n  "secret": "far away",\n  "b": 1,\n  "c": 2\n}\n';
  const lines = diffLines(planEdits([server(file("s.json", text))])[0] ?? expect.unreachable(), (_style, line) => line);
  expect(lines[0]).toBe(join(path, "s.json"));
  expect(lines.join("\n")).toContain('+  "mcpServers": {');
  expect(lines.join("\n")).not.toContain("far away");
  expect(diffLines(planEdits([server(file("t.json"))])[0] ?? expect.unreachable(), (_style, line) => line)[0]).toMatch(
    / \(new\)$/,
  );
  expect(existsSync(file("t.json"))).toBe(false);
});
