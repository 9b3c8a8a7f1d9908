import { expect, it } from 'vitest';
import { concurrently } from './concurrently.ts';

it('does several at a time, eight at most, and keeps the order', async () => {
  let now = 0;
  let most = 0;
  const items = Array.from({ length: 30 }, (_, i) => i);
  const doubled = await concurrently(items, async (item) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setImmediate(resolve));
    now--;
    return item * 2;
  });
  expect(doubled).toEqual(items.map((item) => item * 2));
  expect(most).toBe(8);
});

it('begins nothing after a failure, and ends when what was begun has ended', async () => {
  const begun: number[] = [];
  let ended = 0;
  const items = Array.from({ length: 30 }, (_, i) => i);
  const work = concurrently(items, async (item) => {
    begun.push(item);
    if (item === 3) throw new Error('the fourth');
    await new Promise((resolve) => setImmediate(resolve));
    ended++;
  });
  await expect(work).rejects.toThrow('the fourth');
  expect(begun).toHaveLength(8);
  expect(ended).toBe(7);
});
