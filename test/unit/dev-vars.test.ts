/** The file of keys on this machine is closed to others (KEY2). */
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { closeToOthers } from "../../scripts/local-key.ts";

test("[KEY2] a .dev.vars that others could read is closed, and its owner is told once", () => {
  const directory = mkdtempSync(join(tmpdir(), "channel-hub-vars-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, ".dev.vars");
  writeFileSync(path, "HUB_KEY=x\n");
  chmodSync(path, 0o644);
  expect(closeToOthers(path)).toContain("could be read by others");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(closeToOthers(path)).toBeUndefined();
});
