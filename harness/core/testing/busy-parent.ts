import { startChild } from '../process.ts';

/** For tests: a parent that starts a child that never looks up, tells its pid, and waits. CHILD_LOG names the child's log. */
const child = startChild({
  name: 'busy',
  file: process.execPath,
  args: ['-e', 'console.log("busy"); for (;;);'],
  logFile: process.env.CHILD_LOG!,
  whenWeDie: 'SIGKILL',
});
console.log(child.pid);
setInterval(() => {}, 1000);
