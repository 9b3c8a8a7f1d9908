import { expect, it } from 'vitest';
import { record } from './testing/record.ts';
import { compare, compareRelabelling } from './testing/recorded.ts';

it('finds the targets of pods that a real Prometheus finds, and keeps those that it keeps', {
  timeout: 60_000,
}, async () => {
  const recorded = await record();
  const { said, explained } = compare(recorded);
  expect(explained).toEqual(said);
  expect(recorded.active.length).toBeGreaterThan(15);
  expect(recorded.dropped.length).toBeGreaterThan(50);
  const relabelled = compareRelabelling(recorded);
  expect(relabelled.explained).toEqual(relabelled.said);
});
