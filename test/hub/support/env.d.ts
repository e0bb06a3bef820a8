/** The Worker's bindings as the test runtime sees them. */
import type { Env as HubEnv } from "../../../src/hub/between/env.ts";
import type * as hub from "../../../src/hub/index.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the random scripts; `MODEL_SEED` plays those of an earlier run again. */
    readonly model_seed: number;
    /** Whether the long forms run. */
    readonly is_long: boolean;
  }
}

declare global {
  namespace Cloudflare {
    interface Env extends HubEnv {}
    interface GlobalProps {
      mainModule: typeof hub;
    }
  }
}
