/**
 * `npm run test:model -- --steps 1000000 --seed 1`: random scripts on the rules of a channel and on
 * the reference model. `--scripts N` plays N scripts of that seed alone, to see a failure again.
 */
import { runModel } from "../support/model/core.ts";
import { newSeed, readNumbers } from "./options.ts";

/** Scripts of one seed; the next ones have the next seed. */
const SCRIPTS = 2000;

const { steps: wanted, seed: first, scripts } = readNumbers({ steps: 1_000_000, seed: newSeed(), scripts: 0 });
const started = Date.now();
let [steps, seed] = [0, first];
do steps += runModel({ seed: seed++, scripts: scripts > 0 ? scripts : SCRIPTS });
while (scripts === 0 && steps < wanted);
const seconds = (Date.now() - started) / 1000;
const seeds = seed - 1 === first ? `seed ${first}` : `seeds ${first} to ${seed - 1}`;
console.log(`model: ${seeds}, ${steps} steps in ${seconds.toFixed(0)} s, no difference`);
