/** The benches, by the names they are asked for. */
import type { Bench } from "./bench.ts";
import { growth } from "./growth.ts";
import { money } from "./money.ts";
import { peers } from "./peers.ts";
import { platform } from "./platform.ts";
import type { Section } from "./section.ts";
import { start } from "./start.ts";

export const BENCHES: Readonly<Record<string, (bench: Bench) => Promise<Section[]>>> = {
  platform,
  peers,
  growth,
  start,
  money,
};
