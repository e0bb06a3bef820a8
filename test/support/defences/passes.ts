/** The defences of passes: that none is made up or reaches further, and that one taken back is out. */
import { type Defence, taken } from "./defence.ts";

const TEST = "test/hub/passes.test.ts";

export const PASS_DEFENCES: readonly Defence[] = [
  taken("T50", "the signature of a pass", TEST, [
    "pass-text.ts",
    'if (!(await crypto.subtle.verify("HMAC", key, mac, encode(payload)))) return undefined;',
    "",
  ]),
  taken("T50", "the one spelling of a pass", TEST, [
    "pass-text.ts",
    "if (toBase64Url(mac) !== written) return undefined;",
    "",
  ]),
  taken("T50", "the reach of a pass in a channel", TEST, [
    "bearers.ts",
    "if (!isWithinReach(viewer, id)) return { ok: false, refusal: channelNotFound(id) };",
    "",
  ]),
  taken("T50", "the kind that a pass says", TEST, [
    "admission/identity.ts",
    "pass?.kind !== undefined && claim.kind !== undefined && claim.kind !== pass.kind",
    "false",
  ]),
  taken("T51", "the end of sockets and listens with their pass", TEST, [
    "revocation.ts",
    `    closeEnded(connections, bearers, Date.now());
    listeners.end((pass) => bearers.refusePass(pass));`,
    "",
  ]),
  taken("T51", "the word to the channels that let a pass in", TEST, [
    "pass-store.ts",
    'this.#storage.exec("INSERT OR IGNORE INTO pass_due SELECT pass, channel FROM pass_place WHERE pass = ?", number);',
    "",
  ]),
  taken("T51", "the end of sockets whose pass is over", TEST, ["committer.ts", "connections.dropEnded(now);", ""]),
];
