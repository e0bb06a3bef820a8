/** A hub that may be asked as fast as it answers, and a hub key that cannot delete what others look at. */
import { createHash, randomBytes } from "node:crypto";
import { HubProcess } from "../process/hub-process.ts";

export async function startFuzzedHub(worker: string): Promise<{ readonly hub: HubProcess; readonly hubKey: string }> {
  const hubKey = `hub_fuzz_${randomBytes(32).toString("base64url")}`;
  const HUB_KEYS = `fuzz:agent:${createHash("sha256").update(hubKey).digest("hex")}`;
  const unlimited = {
    HUB_RATE_PER_SECOND: "0",
    HUB_LOOP_GUARD: "0",
    HUB_MAX_CHANNELS: "0",
    HUB_CREATES_PER_MINUTE: "0",
  };
  return {
    hub: await HubProcess.start({ worker, variables: { HUB_KEYS, HUB_MAX_PARTICIPANTS: "0", ...unlimited } }),
    hubKey,
  };
}
