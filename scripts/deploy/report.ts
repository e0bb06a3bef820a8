/** wrangler's report of what it did (`WRANGLER_OUTPUT_FILE_PATH`): one JSON object a line. */

interface Reported {
  readonly type?: string;
  /** `https://hub.me.workers.dev`, `hub.example.com (custom domain)`, `schedule: * * * * *`. */
  readonly targets?: readonly string[];
}

const HOST = /^(https:\/\/)?[^\s/:]+\.[^\s/:]+$/;

/** Where a deployment can be reached. */
export function deployedUrls(report: string): readonly string[] {
  const entries = report.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Reported]));
  const targets = entries.flatMap((entry) => (entry.type === "deploy" ? (entry.targets ?? []) : []));
  const hosts = targets.map((target) => target.replace(/ \(.*$/, "")).filter((target) => HOST.test(target));
  return hosts.map((host) => (host.startsWith("https://") ? host : `https://${host}`));
}
