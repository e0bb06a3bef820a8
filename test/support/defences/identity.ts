/** The defences of who is who over the whole hub: proof, names, scope, what counts once. */
import { type Defence, taken } from "./defence.ts";

export const IDENTITY_DEFENCES: readonly Defence[] = [
  taken("T26", "the line that is made from the event", "test/unit/hub-voice.test.ts", [
    "protocol/names.ts",
    "return event === undefined ? inQuotes(showLine(text)) : sayEvent(event);",
    "return event === undefined ? inQuotes(showLine(text)) : showLine(text);",
  ]),
  taken("T26", "the quotation marks around names", "test/unit/hub-voice.test.ts", [
    "protocol/names.ts",
    "return ONE_WORD.test(name) ? nameOrQuoted(name) : inQuotes(clip(showLine(name), LONGEST));",
    "return nameOrQuoted(name);",
  ]),
  taken("T27", "the question at first sight", "test/e2e/proof.test.ts", [
    "proofs.ts",
    "return this.#store.isProven(key) ? { ok: false, refusal: mustProve() } : ok(true);",
    'return key === "" ? { ok: false, refusal: mustProve() } : ok(true);',
  ]),
  taken("T27", "the word to the channels where it is claimed", "test/e2e/proof.test.ts", [
    "proofs.ts",
    "const told = await this.#ports.channel(number).proven(key);",
    "const told: Result<true> = ok(true);",
  ]),
  taken("T27", "the end of a claimed membership that is looked on from", "test/e2e/proof.test.ts", [
    "channel/identity.ts",
    "putParticipant(state, { ...known, name: key, member: false, verified: true, seen_at: now });",
    "putParticipant(state, { ...known, verified: true, seen_at: now });",
  ]),
  taken("T27", "the end of the claimed name", "test/e2e/proof.test.ts", [
    "channel/identity.ts",
    "const name = isNews ? (caller.name ?? caller.key) : known.name;",
    "const name = known.name;",
  ]),
  taken("T4", "the host's identity, against an argument of its model", "test/e2e/remote-tool.test.ts", [
    "tool-agent.ts",
    "if (claim.key !== undefined && claim.key !== key) {",
    "if (claim.key !== undefined && claim.key.length > 200) {",
  ]),
  taken("T29", "the scope that a route takes", "test/e2e/routes.test.ts", [
    "handlers.ts",
    'if (!isWithin(needed, scope)) return failure(c, refusal("forbidden_scope", text));',
    "",
  ]),
  taken("T29", "the route as what decides, not the text of its path", "test/e2e/routes.test.ts", [
    "handlers.ts",
    "if (!isWithin(needed, scope)) return",
    'if (!isWithin(needed, scope) && !c.req.raw.url.includes("%")) return',
  ]),
  taken("T28", "the choice by activity", "test/hub/listen-left-out.test.ts", [
    "activity.ts",
    "const latest = all.toSorted((a, b) => (activeAt(a) < activeAt(b) ? 1 : -1));",
    "const latest = all.toReversed();",
  ]),
  taken("T28", "the word of what is left out", "test/hub/listen-left-out.test.ts", [
    "activity.ts",
    "if (channels.length === 0) return {};",
    "if (channels.length >= 0) return {};",
  ]),
  taken("T30", "the memory of signed sends", "test/hub/replay.test.ts", [
    "signed-sends.ts",
    "if (this.#newer.has(scope) || this.#older.has(scope)) return storedBefore();",
    "",
  ]),
  taken("T30", "what is kept of rows that go early", "test/hub/replay.test.ts", [
    "sql-log.ts",
    "return [...kept, ...writes];",
    "return kept.length < 0 ? kept : writes;",
  ]),
  taken("T31", "the doubt between a claimed key and a name", "test/unit/mentions.test.ts", [
    "channel/mentions.ts",
    "if (own?.verified === true) return own;",
    "if (own !== undefined) return own;",
  ]),
  taken("T31", "the proof that is above a name", "test/unit/mentions.test.ts", [
    "channel/mentions.ts",
    "if (own?.verified === true) return own;",
    "",
  ]),
  taken("T35", "the order in which names were taken", "test/unit/mentions.test.ts", [
    "channel/mentions.ts",
    ".toSorted((a, b) => orderOf(a) - orderOf(b))",
    ".toSorted((a, b) => orderOf(b) - orderOf(a))",
  ]),
  taken("T35", "the mark of a namesake", "test/unit/mentions.test.ts", [
    "channel/send.ts",
    "isNamesake(state, caller.key, from_name) ? (true as const) : undefined",
    "isNamesake(state, caller.key, caller.key) ? (true as const) : undefined",
  ]),
  taken("T36", "the look ahead before the index hears of a command", "test/hub/no-trace.test.ts", [
    "channel-object.ts",
    "return !may.ok || may.value;",
    "return true;",
  ]),
  taken("T36", "the look ahead before a key is proven", "test/hub/no-trace.test.ts", [
    "sightings.ts",
    "if (barred !== undefined) return barred;",
    "",
  ]),
  taken("T36", "the look at a claim before it is a sign of life", "test/hub/no-trace.test.ts", [
    "listen-turn.ts",
    "if (why.ok && why.value === undefined) connections.heard(caller.key, now);",
    "connections.heard(caller.key, now);",
  ]),
  taken("T36", "the silence about observers", "test/hub/no-trace.test.ts", [
    "channel-object.ts",
    "const isVisible = (): boolean => connection?.isObserver !== true;",
    "const isVisible = (): boolean => true;",
  ]),
  taken("T2", "digests in place of texts", "test/unit/source.test.ts", [
    "between/keys.ts",
    "candidate.length === own.length || KEY_TEXT",
    "candidate === own || KEY_TEXT",
  ]),
  taken("T15", "the bound of creates that are remembered", "test/unit/create-memory.test.ts", [
    "create-memory.ts",
    "if (this.#made.size < this.#most) return 0;",
    "if (this.#made.size < this.#most * 1000) return 0;",
  ]),
  taken("T33", "the origin that a kept key is for", "test/unit/cli-settings.test.ts", [
    "settings.ts",
    "if (key === undefined || !isSameOrigin(own, url)) return",
    "if (key === undefined) return",
  ]),
  taken("T33", "the hub that the environment's key is for", "test/unit/cli-settings.test.ts", [
    "settings.ts",
    "return flags.url === undefined || own === undefined || isSameOrigin(flags.url, own) ? key : undefined;",
    'return own === "" ? undefined : key;',
  ]),
  taken("T33", "plain http on this machine alone", "test/unit/cli-settings.test.ts", [
    "settings.ts",
    'if (to?.protocol === "https:" || isHere) return key;',
    'if (url !== "") return key;',
  ]),
  taken("T34", "the rank of an admin's pause and of a kick", "test/e2e/ranks.test.ts", [
    "channel/access.ts",
    "if (viewer.admin === true) return undefined;",
    "if (now > 0 || viewer.admin === true) return undefined;",
  ]),
  taken("T34", "the question before a creator's delete", "test/e2e/ranks.test.ts", [
    "hub-index.ts",
    "const may = viewer.admin === true ?",
    "const may = number > 0 ?",
  ]),
  taken("T32", "the look through look-alikes", "test/unit/names.test.ts", [
    "fields.ts",
    "(value) => !isReserved(value) && !imitatesHub(value),",
    "(value) => !isReserved(value),",
  ]),
  taken("T32", "the refusal of marks of proof", "test/unit/names.test.ts", [
    "fields.ts",
    "(value) => !hasProofMark(value),",
    '(value) => value !== "",',
  ]),
  taken("T6", "the row of a moderator that is no participant", "test/unit/moderation.test.ts", [
    "channel/moderation.ts",
    "rememberModerator(state, caller, context.now);",
    "",
  ]),
  taken("T4", "the strength in which an Idempotency-Key was used", "test/unit/create-memory.test.ts", [
    "create-memory.ts",
    'verified ? "verified" : "plain"',
    '""',
  ]),
  taken("T32", "the look whether anything of a name can be seen", "test/unit/names.test.ts", [
    "protocol/text.ts",
    '\\u2800]/gu, "") === "";',
    '\\u2800]/gu, "") === name;',
  ]),
];
