import { expect, it } from 'vitest';
import { namespacePatienceMs } from './namespace.ts';

const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

it('waits the whole deadline for a namespace that has just begun to go, and not for one that had it already', () => {
  expect(namespacePatienceMs(ago(0), 60_000)).toBe(60_000);
  expect(namespacePatienceMs(ago(50_000), 60_000)).toBe(60_000);
  expect(namespacePatienceMs(ago(70_000), 60_000)).toBe(10_000);
  expect(namespacePatienceMs(ago(70_000), 500)).toBe(500);
});
