/** Who tries keys is slowed down by the edge's counters; who has one never is (KEY1). */
import { env, exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { networkOf, slowedDown } from "../../src/hub/worker/admission/failed-admissions.ts";
import { refusal } from "../../src/protocol/index.ts";
import { KEY, type Json } from "./support/hub.ts";

/** The binding's, in wrangler.toml. */
const A_MINUTE = 60;

function ask(address: string | undefined, key: string): Promise<Response> {
  const headers = { "x-spf-key": key, ...(address !== undefined && { "cf-connecting-ip": address }) };
  return exports.default.fetch("https://hub.test/api/channel/list", { headers });
}

test("[KEY1] an address that failed too often is told to wait, whatever it tries; its right key passes", async () => {
  for (let tries = 0; tries < A_MINUTE; tries++) expect((await ask("192.0.2.1", `wrong ${tries}`)).status).toBe(401);
  const refused = await ask("192.0.2.1", "wrong");
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("60");
  expect(((await refused.json()) as Json).code).toBe("rate_limited");
  expect((await ask("192.0.2.1", KEY)).status).toBe(200);
  expect((await ask("192.0.2.2", "wrong")).status).toBe(401);
});

test("[KEY1] right keys are not counted", async () => {
  for (let tries = 0; tries <= A_MINUTE; tries++) expect((await ask("192.0.2.3", KEY)).status).toBe(200);
  expect((await ask("192.0.2.3", "wrong")).status).toBe(401);
});

test("[KEY1] without an address or without the binding nothing is counted", async () => {
  for (let tries = 0; tries <= A_MINUTE; tries++) expect((await ask(undefined, "wrong")).status).toBe(401);
  const why = refusal("unauthorized", "no");
  const { FAILED_ADMISSIONS: _binding, ...without } = env;
  expect(await slowedDown(without, new Headers({ "cf-connecting-ip": "192.0.2.1" }), why)).toBe(why);
});

test("[KEY1] counters that fail let the refusal be what it was", async () => {
  const broken = { limit: () => Promise.reject(new Error("planted")) };
  const why = refusal("unauthorized", "no");
  const headers = new Headers({ "cf-connecting-ip": "192.0.2.9" });
  expect(await slowedDown({ ...env, FAILED_ADMISSIONS: broken }, headers, why)).toBe(why);
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0db8:0001:0002::", "2001:db8:1:2::/64"],
  ["2001:db8:1::9", "2001:db8:1:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
])("the network of %s is %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
