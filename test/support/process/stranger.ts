/** A stranger's program on the package, compiled as strangers compile: by older rules, and without a browser's types. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** Only guards against hanging. */
const HANGING_MS = 120_000;

const PROGRAM = (name: string): string => `import { HubClient, HubError, type ChannelClient } from "${name}/client";
import { authorizeAs, createIdentity } from "${name}/identity";

async function main(): Promise<void> {
  const { identity } = await createIdentity();
  const agent = { key: identity.key, name: "ALPHA", kind: "agent" } as const;
  const hub = new HubClient({ url: "http://127.0.0.1:9", key: "none", agent, authorize: authorizeAs(identity) });
  const connecting = hub.connect("ch-1", { wait_ms: 0 });
  const failed: unknown = await connecting.then(listen, (error: unknown) => error);
  if (!(failed instanceof HubError)) throw new Error("there is no hub");
  const code: string = failed.code;
  if (code !== "network") throw new Error(code);
}

async function listen(channel: ChannelClient): Promise<string> {
  for await (const event of channel) if (event.type === "message") return event.message.text;
  return channel.id;
}

main();
`;

/** Each with what it says of modules; all declarations are checked, none of a browser or of Node is there. */
const RULES: readonly (readonly [compiler: string, ...flags: string[]])[] = [
  ["typescript", "--module", "nodenext"],
  ["typescript-5", "--module", "nodenext"],
  ["typescript-5", "--module", "esnext", "--moduleResolution", "bundler"],
  ["typescript-5", "--module", "commonjs", "--moduleResolution", "node10"],
];

/** Compiles in `folder`, where the package is installed as `name`, and runs it; throws with what was said against it. */
export async function useAsStranger(folder: string, name: string): Promise<void> {
  await writeFile(join(folder, "consumer.ts"), PROGRAM(name));
  for (const [compiler, ...flags] of RULES) {
    const tsc = join(dirname(createRequire(import.meta.url).resolve(`${compiler}/package.json`)), "bin/tsc");
    const all = ["--strict", "--target", "es2018", "--lib", "es2018", "--noEmitOnError", ...flags];
    await run(folder, [tsc, ...all, "consumer.ts"], `${compiler} ${flags.join(" ")}`);
    // Only the last is no module of the kind that the folder says it holds.
    if (!flags.includes("commonjs")) await run(folder, ["consumer.js"], `what ${compiler} made`);
  }
}

async function run(cwd: string, args: readonly string[], what: string): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, args, { cwd, timeout: HANGING_MS });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${what}:\n${stdout}${stderr}`, { cause: error });
  }
}
