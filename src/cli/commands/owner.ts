/** `fsck` and `audit`: for the hub's owner, with a hub key of scope admin. */
import { showJson, showLine } from "../../protocol/index.ts";
import { EXIT, type Exit } from "../exit.ts";
import type { Session } from "../session.ts";

type Flags = { readonly json: boolean };

/** A line for each difference between the index and the channels; ends with 1 while there is one that was not mended. */
export async function fsck(
  { hub, terminal }: Session,
  { mend, restored, json }: Flags & { readonly mend: boolean; readonly restored: boolean },
): Promise<Exit> {
  if (restored) {
    await hub.api.restored();
    terminal.note("each channel ends the positions of before when it is next opened");
  }
  let found = 0;
  for (let cursor: number | undefined = 0; cursor !== undefined;) {
    const { findings, next_cursor } = await hub.api.fsck({ mend, cursor });
    found += findings.length;
    for (const finding of findings) {
      const { channel_id, fault, says } = finding;
      await terminal.out(json ? `${showJson(finding)}\n` : `${showLine(`${channel_id}  ${fault}: ${says}`)}\n`);
    }
    cursor = next_cursor;
  }
  if (found === 0) terminal.note("the index and the channels agree");
  else if (!mend) terminal.note("mend what can be mended with --mend");
  return found === 0 || mend ? EXIT.ok : EXIT.failed;
}

/** A line an act, newest first. */
export async function audit(
  { hub, terminal }: Session,
  { limit, json }: Flags & { readonly limit?: number },
): Promise<void> {
  const { acts } = await hub.api.audit(limit);
  for (const one of acts) {
    const { at, kid, agent, act, channel_id, target } = one;
    const who = agent === undefined ? kid : `${kid} as ${agent}`;
    const words = [at, who, act, channel_id, target].filter((word) => word !== undefined);
    await terminal.out(json ? `${showJson(one)}\n` : `${showLine(words.join("  "))}\n`);
  }
  if (acts.length === 0) terminal.note("nobody has moderated, deleted or mended anything yet");
}
