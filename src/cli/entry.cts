#!/usr/bin/env node
/**
 * The command `channel-hub`. It looks at the Node it runs on before it loads anything, and is written
 * so that every Node there ever was can read it (ECMAScript 5): what it loads, an older one cannot.
 */
/* oxlint-disable no-var, vars-on-top, prefer-template, import/no-unassigned-import -- older Nodes read this file */
var version: string[] = process.versions.node.split(".");
var major = Number(version[0]);

if (major > 22 || (major === 22 && Number(version[1]) >= 12)) {
  require("./launch.cjs");
} else {
  process.stderr.write("channel-hub needs Node 22.12 or later; this is " + process.version + ": https://nodejs.org\n");
  process.exitCode = 1;
}
