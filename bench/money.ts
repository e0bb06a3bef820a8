import type { Bench } from "./bench.ts"; import type { Section } from "./section.ts"; export async function money(_: Bench): Promise<Section[]> { return []; }
