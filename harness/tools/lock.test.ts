import { existsSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withLock } from './lock.ts';
import { standInMachine } from './testing.ts';

const options = { waiting: () => {}, deadlineMs: 5000, signal: undefined };

test('work under one lock does not overlap', async () => {
  using machine = standInMachine();
  const file = join(machine.root, 'lock');
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 30));
    inside--;
  };
  await Promise.all([1, 2, 3].map(() => withLock(file, options, work)));
  expect(most).toBe(1);
  expect(existsSync(file)).toBe(false);
});

test('it is free again after work that failed', async () => {
  using machine = standInMachine();
  const file = join(machine.root, 'lock');
  const failing = withLock(file, options, async () => {
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(existsSync(file)).toBe(false);
});

test('one that a killed run left behind is taken; one that is touched is not', async () => {
  using machine = standInMachine();
  const file = join(machine.root, 'lock');
  writeFileSync(file, '1\n');
  const held = withLock(file, { ...options, deadlineMs: 150 }, async () => 'mine');
  await expect(held).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', lastSeen: 'it is held' });

  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(file, longAgo, longAgo);
  expect(await withLock(file, options, async () => 'mine')).toBe('mine');
});
