import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withLock } from './lock.ts';

/** A folder of one's own, gone when the test is over. */
function ownFolder() {
  const root = mkdtempSync(join(tmpdir(), 'meshproof-lock-'));
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

const options = { waiting: () => {}, deadlineMs: 5000, signal: undefined };

test('work under one lock does not overlap', async () => {
  using folder = ownFolder();
  const file = join(folder.root, 'lock');
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
  using folder = ownFolder();
  const file = join(folder.root, 'lock');
  const failing = withLock(file, options, async () => {
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(existsSync(file)).toBe(false);
});

test('one that a killed run left behind is taken; one that is touched is not', async () => {
  using folder = ownFolder();
  const file = join(folder.root, 'lock');
  writeFileSync(file, '1\n');
  const held = withLock(file, { ...options, deadlineMs: 150 }, async () => 'mine');
  await expect(held).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', lastSeen: 'it is held' });

  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(file, longAgo, longAgo);
  expect(await withLock(file, options, async () => 'mine')).toBe('mine');
});
