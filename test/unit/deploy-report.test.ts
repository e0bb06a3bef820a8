/** What `npm run deploy` reads of wrangler's report. */
import { expect, test } from "vitest";
import { deployedUrls } from "../../scripts/deploy/report.ts";

const SESSION = { type: "wrangler-session", version: 1, command_line_args: ["deploy"] };

function reportOf(...targets: string[]): string {
  const deploy = { type: "deploy", version: 1, worker_name: "channel-hub", targets };
  return `${JSON.stringify(SESSION)}\n${JSON.stringify(deploy)}\n`;
}

test.each([
  [["https://channel-hub.me.workers.dev"], ["https://channel-hub.me.workers.dev"]],
  [["hub.example.com (custom domain)"], ["https://hub.example.com"]],
  [["https://a.b.workers.dev", "schedule: 0 0 * * *", "Consumer for jobs"], ["https://a.b.workers.dev"]],
  [[], []],
])("the targets %j are the addresses %j", (targets, urls) => {
  expect(deployedUrls(reportOf(...targets))).toEqual(urls);
});

test("a report without a deployment has no address", () => {
  expect(deployedUrls("")).toEqual([]);
  expect(deployedUrls(`${JSON.stringify(SESSION)}\n`)).toEqual([]);
});
