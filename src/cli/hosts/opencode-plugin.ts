/**
 * The plugin that wakes OpenCode: a file of ours in its plugin folder, for Bun, without dependencies.
 * It starts `wait` with the first turn that ends, gives what that prints to the session which was
 * active last, and says on its stdin that it was taken. It ends with the host, whose end closes stdin.
 * https://opencode.ai/docs/plugins
 */
export function openCodePlugin(command: readonly string[]): string {
  return `// Written by channel-hub setup; setup --remove takes it out.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const [COMMAND, ...ARGS] = ${JSON.stringify(command)};
const AGAIN_MS = 5000;

export const ChannelHub = async ({ client, directory }) => {
  const children = new Set();
  let session, waiting;

  const wait = () => {
    waiting = spawn(COMMAND, ARGS, { cwd: directory, stdio: ["pipe", "pipe", "ignore"], windowsHide: true });
    waiting.stdin.on("error", () => {});
    const child = waiting;
    createInterface({ input: child.stdout }).on("line", async (line) => {
      const parts = [{ type: "text", text: JSON.parse(line).text }];
      const { error } = await client.session.promptAsync({ path: { id: session }, body: { parts } });
      if (error) child.kill();
      else child.stdin.write("taken\\n");
    });
    child.on("error", () => {});
    child.on("close", (code) => {
      waiting = undefined;
      // 0: there is no hub for this folder.
      if (code !== 0) setTimeout(() => waiting ?? wait(), AGAIN_MS).unref?.();
    });
    child.unref();
  };

  return {
    event: async ({ event: { type, properties } }) => {
      if (/^session\\.(created|updated)$/.test(type) && properties.info.parentID) children.add(properties.info.id);
      if (type !== "session.idle" || children.has(properties.sessionID)) return;
      session = properties.sessionID;
      if (!waiting) wait();
    },
  };
};
`;
}
