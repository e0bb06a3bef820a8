/** Tells the index who administered what. */
import { ok, isWithin } from "../../../protocol/index.ts";
import { callIndex, unclear } from "./calls.ts";
import type { HubContext } from "../context.ts";
import type { Act, AuditEntry } from "../../between/index-calls.ts";

/** Once the act is done. That it could not be noted undoes nothing; the log has it then. */
export async function noteAct(c: HubContext, act: Act, of: Pick<AuditEntry, "channel_id" | "target">): Promise<void> {
  const agent = c.get("agent");
  const entry: AuditEntry = {
    ...{ at: new Date().toISOString(), request_id: c.var.request_id, kid: c.var.admission.key.kid, act, ...of },
    ...(agent !== undefined && { agent }),
  };
  await callIndex(
    c.env,
    async (index) => {
      await index.noteAct(entry, isWithin("admin", c.var.admission.scope));
      return ok(true);
    },
    unclear("the log has it", false),
  );
}
