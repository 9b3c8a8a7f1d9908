import { expect, test } from 'vitest';
import { judge } from './judge.ts';
import { UNMATCHED } from './peers.ts';
import { simulate } from './testing/simulate.ts';
import type { ServiceSimSpec } from './testing/world.ts';

const SERVICE: ServiceSimSpec = {
  ...{ replicas: 2, calls: [], latencyMs: { min: 1, max: 20 }, errorRate: 0, hangRate: 0, resetRate: 0, midRate: 0 },
  ...{ streamMs: 0, postRate: 0.5, timeoutMs: 5000, shared: false },
};

test('with a ServiceProfile each request is in one flow of its endpoints, and in one of its routes', () => {
  const input = simulate({
    ...{ seed: 5, requests: 200, durationMs: 60_000, scrapeIntervalMs: 5000, skewMs: 1, restarts: [] },
    services: [
      { ...SERVICE, calls: [1] },
      { ...SERVICE, route: { backends: [1], retries: 0 }, profile: true },
    ],
  });
  const [callee] = input.topology.services.filter(({ outboundPolicy }) => outboundPolicy?.profile);
  const made = input.truth.flatMap((journal) => journal.made).filter(({ callee: c }) => c === callee!.workload);
  const { verdict, flows } = judge(input);
  const towards = flows.filter((f) => f.direction === 'outbound' && f.destination === callee!.workload);
  const sumOf = (those: typeof flows) => [
    those.reduce((n, f) => n + f.truth, 0),
    those.reduce((n, f) => n + f.prometheus! + f.unobservable, 0),
  ];
  const [default_, unmatched, matched] = [
    towards.filter((f) => f.route === 'default'),
    towards.filter((f) => f.route === UNMATCHED),
    towards.filter((f) => f.route !== 'default' && f.route !== UNMATCHED),
  ];
  expect(verdict).toBe('pass');
  expect(made.length).toBeGreaterThan(100);
  expect(sumOf(default_)).toEqual([made.length, made.length]);
  expect(sumOf([...unmatched, ...matched])).toEqual([made.length, made.length]);
  expect(unmatched.length).toBeGreaterThan(0);
  expect(matched.length).toBeGreaterThan(0);
});
