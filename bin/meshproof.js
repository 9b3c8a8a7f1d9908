#!/usr/bin/env node
// The command of the npm package. Written for any Node, so that one that is too old is told so and does not fail at the syntax of the rest.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(
    `error NODE_TOO_OLD: meshproof needs Node 22.12 or later, and ${process.execPath} is ${process.version}\n` +
      '  hint: install a newer one (https://nodejs.org), and put it first on the PATH\n',
  );
  process.exitCode = 4;
} else {
  import('../dist/harness/cli/main.js');
}
