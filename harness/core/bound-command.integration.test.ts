import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { boundCommand, findSetpriv } from './bound-command.ts';
import { startChild } from './process.ts';
import { processIdentity } from './process-identity.ts';
import { waitFor } from './wait.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-bound-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A parent that starts a child that never looks up, tells its pid, and waits. */
const PARENT = `
import { startChild } from '${join(import.meta.dirname, 'process.ts')}';
const child = startChild({
  name: 'busy', file: process.execPath, args: ['-e', 'console.log("busy"); for (;;);'],
  logFile: process.env.CHILD_LOG, whenWeDie: 'SIGKILL',
});
console.log(child.pid);
setInterval(() => {}, 1000);
`;

it.runIf(findSetpriv())('a child goes with its parent, however busy it is', async () => {
  const childLog = join(dir, 'child.log');
  await using parent = startChild({
    name: 'parent',
    file: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', PARENT],
    env: { ...process.env, CHILD_LOG: childLog },
    logFile: join(dir, 'parent.log'),
  });
  const options = { deadlineMs: 10_000, hint: '' };
  await waitFor(() => (readFileSync(childLog, 'utf8') === 'busy\n' ? true : undefined), {
    what: 'a busy child',
    ...options,
  });
  const pid = Number(parent.tail(1));
  expect(processIdentity(pid)).not.toBeNull();
  parent.signal('SIGKILL');
  await waitFor(() => (processIdentity(pid) === null ? true : undefined), { what: 'the end of the child', ...options });
});

it('a command is as it was where there is no setpriv, and where the program cannot be run', () => {
  expect(boundCommand(process.execPath, ['x'], 'SIGTERM', null)).toEqual({ file: process.execPath, args: ['x'] });
  expect(boundCommand('/no/such', [], 'SIGTERM', 'setpriv')).toEqual({ file: '/no/such', args: [] });
  expect(boundCommand(process.execPath, ['x'], 'SIGTERM', 'setpriv')).toEqual({
    file: 'setpriv',
    args: ['--pdeathsig', 'TERM', '--', process.execPath, 'x'],
  });
});
