/** What the hub's owner does to it as a whole: looks what was administered, and mends what was lost or restored (IDX6). */
import { AUDIT_QUERY, FSCK_BODY, map, ok } from "../../../protocol/index.ts";
import { callIndex, unclear } from "../calls/calls.ts";
import { directory } from "../calls/directory.ts";
import { noteAct } from "../calls/note-act.ts";
import { answering, withBody, withQuery } from "../handlers.ts";

// {"mend":true,"cursor":0} → {"ok":true,"findings":[{"channel_id":"ch-3","fault":"lost","says":"…"}],"checked":40,"next_cursor":40}
export const fsckRoute: ReturnType<typeof answering> = withBody(FSCK_BODY, async (c, { cursor, mend }) => {
  const report = await callIndex(c.env, async (index) => ok(await index.fsck(cursor, mend)), AGAIN);
  // What is in the index again is found from now on.
  if (mend) directory.forgetMisses();
  if (mend && report.ok) await noteAct(c, "fsck", {});
  return report;
});

// → {"ok":true}
export const restoredRoute: ReturnType<typeof answering> = answering(async (c) => {
  const told = await callIndex(c.env, async (index) => ok(await index.restored()), AGAIN);
  if (told.ok) await noteAct(c, "restored", {});
  return map(told, () => ({}));
});

// ?limit=100 → {"ok":true,"acts":[{"at":"2026-…Z","request_id":"…","kid":"team","act":"kick","channel_id":"ch-1","target":"BRAVO"}]}
export const auditRoute: ReturnType<typeof answering> = withQuery(AUDIT_QUERY, async (c, { limit }) => {
  const acts = await callIndex(c.env, async (index) => ok(await index.audit(limit)));
  return map(acts, (newest) => ({ acts: newest }));
});

/** Both may be repeated: what is mended is mended, and a later restore ends positions once more. */
const AGAIN = unclear("ask again", true);
