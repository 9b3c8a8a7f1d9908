import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { cpuSecondsOf, memoryOf, parsePs, readProcessUsage } from './process-usage.ts';

test('time is read behind the name, whatever the name', () => {
  const rest = 'S 1 2 3 0 -1 4194560 100 0 0 0 1234 566 7 8 20 0 1 0';
  expect(cpuSecondsOf(`77 (node) ${rest}`)).toBe(18);
  expect(cpuSecondsOf(`77 (a ) S (b) c) ${rest}`)).toBe(18);
});

test("memory is a process' own, and what others may have too", () => {
  const status =
    'Name:\tnode\nVmRSS:\t  70 kB\nRssAnon:\t   40 kB\nRssFile:\t   25 kB\nRssShmem:\t    5 kB\nThreads:\t7\n';
  expect(memoryOf(status)).toEqual({ ownBytes: 40 * 1024, fileBytes: 30 * 1024 });
  // A zombie has none.
  expect(memoryOf('Name:\tnode\nState:\tZ (zombie)\n')).toEqual({ ownBytes: 0, fileBytes: 0 });
});

test('what ps prints is read, of every length of time', () => {
  const text = '  12  2048   0:01.50\n 345 10 1:02:03\n6 1 2-00:00:01\n\nps: oops\n';
  expect(Object.fromEntries(parsePs(text, 5))).toEqual({
    12: { atMs: 5, cpuSeconds: 1.5, residentBytes: 2048 * 1024 },
    345: { atMs: 5, cpuSeconds: 3723, residentBytes: 10 * 1024 },
    6: { atMs: 5, cpuSeconds: 172_801, residentBytes: 1024 },
  });
});

test('this process uses what it says itself', async () => {
  const before = process.cpuUsage();
  const usage = (await readProcessUsage([process.pid])).get(process.pid)!;
  const after = process.cpuUsage();
  // The system counts in hundredths.
  expect(usage.cpuSeconds).toBeGreaterThan((before.user + before.system) / 1e6 - 0.1);
  expect(usage.cpuSeconds).toBeLessThan((after.user + after.system) / 1e6 + 0.1);
  const { rss } = process.memoryUsage();
  expect(usage.residentBytes).toBeGreaterThan(rss / 2);
  expect(usage.residentBytes).toBeLessThan(rss * 2);
});

test('one that has ended is left out, and what processes of one program share is not counted twice', async () => {
  const children = [0, 1].map(() => spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)']));
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  const [first, second] = children.map((child) => child.pid!) as [number, number];
  const alone = (await readProcessUsage([first])).get(first)!.residentBytes;
  const both = (await readProcessUsage([first, second])).get(first)!.residentBytes;
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => once(child, 'exit')));
  // Node's own program has tens of megabytes.
  if (process.platform === 'linux') expect(both).toBeLessThan(alone - 5_000_000);
  expect(await readProcessUsage([first, second])).toEqual(new Map());
  expect(await readProcessUsage([])).toEqual(new Map());
});
