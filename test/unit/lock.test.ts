/** The lock names each package's content (T24). */
import { expect, test } from "vitest";
import { withoutIntegrity } from "../../scripts/check-lock.ts";

test("[T24] a package without a hash is named; the project itself and links need none", () => {
  const packages = {
    "": {},
    "node_modules/a": { integrity: "sha512-x" },
    "node_modules/b": {},
    "node_modules/c": { link: true },
  };
  expect(withoutIntegrity(packages)).toEqual(["node_modules/b"]);
});
