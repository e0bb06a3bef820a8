/**
 * Ports for processes that must be told theirs before they listen, or that must have it again after a
 * kill. Nobody else gets one: they lie below what systems hand out by themselves, also to outgoing
 * connections, and in blocks, each of which belongs to the one process that listens on its first port.
 * The system takes that one back however the process ends.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:net";

const [FIRST, BLOCK, BLOCKS] = [10_000, 10, 2200];

/** Kept, so that the blocks stay this process's. */
const gates: Server[] = [];
const free: number[] = [];
let last: Promise<unknown> = Promise.resolve();

/** A port that nothing uses, and that no other test will use while this process lives. */
export function freePort(): Promise<number> {
  const port = last.then(nextPort);
  last = port.catch(() => undefined);
  return port;
}

async function nextPort(): Promise<number> {
  for (;;) {
    const port = free.shift();
    if (port === undefined) await takeBlock();
    else if (await isUnused(port)) return port;
  }
}

async function takeBlock(): Promise<void> {
  const start = Math.floor(Math.random() * BLOCKS);
  for (let n = 0; n < BLOCKS; n++) {
    const gate = FIRST + ((start + n) % BLOCKS) * BLOCK;
    const server = await listening(gate);
    if (server === undefined) continue;
    server.unref();
    gates.push(server);
    free.push(...Array.from({ length: BLOCK - 1 }, (_, at) => gate + 1 + at));
    return;
  }
  throw new Error(`every block of ports from ${FIRST} on is taken`);
}

/** Something that is no test may listen on it. */
async function isUnused(port: number): Promise<boolean> {
  const server = await listening(port);
  if (server === undefined) return false;
  server.close();
  await once(server, "close");
  return true;
}

async function listening(port: number): Promise<Server | undefined> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    return server;
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "EADDRINUSE" || error.code === "EACCES"))
      return undefined;
    throw error;
  }
}
