/** A clone as an owner has it: the tree as it is now, with the packages of this one. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./build.ts";

export interface Ran {
  readonly code: number | null;
  /** Both streams, in the order in which they came. */
  readonly output: string;
}

export class Clone implements AsyncDisposable {
  readonly directory: string;
  readonly keyFile: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.keyFile = join(directory, ".hub-key.env");
  }

  static async make(): Promise<Clone> {
    const directory = await mkdtemp(join(tmpdir(), "channel-hub-clone-"));
    const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
    for (const file of files.toString().trim().split("\n"))
      if (existsSync(join(ROOT, file))) await cp(join(ROOT, file), join(directory, file), { recursive: true });
    await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
    return new Clone(directory);
  }

  /** `npm run deploy`, where no question can be asked and nothing of this machine's own login counts. */
  async deploy(args: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<Ran> {
    const kept = Object.entries(process.env).filter(([name]) => !/^(CLOUDFLARE|HUB)_/.test(name));
    const own = { CI: "true", HOME: this.directory, XDG_CONFIG_HOME: join(this.directory, ".config") };
    const child = spawn("npm", ["--silent", "run", "deploy", "--", ...args], {
      cwd: this.directory,
      env: { ...Object.fromEntries(kept), ...own, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (output += text.toString()));
    const code = await new Promise<number | null>((ended) => child.once("close", ended));
    return { code, output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
