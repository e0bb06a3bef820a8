/**
 * `npm run test:browser`: the page in a real browser, against a real hub. Where the machine has no
 * Chromium it says so in one line and succeeds.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ROOT } from "../support/process/build.ts";
import { chromiumPath } from "./support/chromium.ts";

if (chromiumPath() === undefined) {
  console.log("not run: browser tests (install chromium)");
} else {
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--config", "test/browser/vitest.config.ts", ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  process.exitCode = code ?? 1;
}
