/** Runs the command in this process, to its end. `entry.cts` has seen to a Node that can. */
import { main } from "./main.ts";

const code = await main(process.argv.slice(2));
// The hub may take seconds to let go of a connection; what was written goes out before.
process.stdout.write("", () => process.exit(code));
