import { expect, it } from 'vitest';
import { ProcessShares } from './process-share.ts';

it('apportions CPU time by requests, and all of it', () => {
  let cpu = 10;
  const shares = new ProcessShares(() => cpu);
  const handled = { a: 0, b: 5 };
  const a = shares.open(
    () => handled.a,
    () => 3,
  );
  const b = shares.open(
    () => handled.b,
    () => 4,
  );
  const seconds = () => [a.info.read().cpuSeconds, b.info.read().cpuSeconds];
  // What was spent before they were there is nobody's.
  expect(seconds()).toEqual([0, 0]);
  cpu += 8;
  handled.a += 30;
  handled.b += 10;
  expect(seconds()).toEqual([6, 2]);
  // Idle: equal parts.
  cpu += 2;
  expect(seconds()).toEqual([7, 3]);
  b.close();
  cpu += 5;
  handled.a += 1;
  expect(a.info.read()).toMatchObject({ cpuSeconds: 12, openFds: 3 });
});

it('shares memory out equally', () => {
  const shares = new ProcessShares();
  const open = () =>
    shares.open(
      () => 0,
      () => 0,
    );
  const first = open();
  const alone = first.info.read().residentMemoryBytes;
  open();
  expect(first.info.read().residentMemoryBytes / alone).toBeCloseTo(0.5, 1);
});
