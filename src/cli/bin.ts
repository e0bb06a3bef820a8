#!/usr/bin/env node
/**
 * The command `channel-hub`. It looks at the Node it runs on before it loads anything: on an older
 * one the rest would fail with an error that nobody understands.
 */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(`channel-hub needs Node 22.12 or later; this is ${process.version}: https://nodejs.org\n`);
  process.exitCode = 1;
} else {
  const { main } = await import("./main.ts");
  const code = await main(process.argv.slice(2));
  // The hub may take seconds to let go of a connection; what was written goes out before.
  process.stdout.write("", () => process.exit(code));
}
