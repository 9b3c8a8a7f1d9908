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

it.runIf(findSetpriv())('a child goes with its parent, however busy it is', async () => {
  const childLog = join(dir, 'child.log');
  await using parent = startChild({
    name: 'parent',
    file: process.execPath,
    args: [join(import.meta.dirname, 'testing', 'busy-parent.ts')],
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
  try {
    await waitFor(() => (processIdentity(pid) === null ? true : undefined), {
      what: 'the end of the child',
      ...options,
    });
  } finally {
    if (processIdentity(pid)) process.kill(pid, 'SIGKILL');
  }
});

it('a command is as it was where there is no setpriv, and where the program cannot be run', () => {
  expect(boundCommand(process.execPath, ['x'], 'SIGTERM', null)).toEqual({ file: process.execPath, args: ['x'] });
  expect(boundCommand('/no/such', [], 'SIGTERM', 'setpriv')).toEqual({ file: '/no/such', args: [] });
  expect(boundCommand(process.execPath, ['x'], 'SIGTERM', 'setpriv')).toEqual({
    file: 'setpriv',
    args: ['--pdeathsig', 'TERM', '--', process.execPath, 'x'],
  });
});
