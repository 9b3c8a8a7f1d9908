import { describe, expect, it } from 'vitest';
import type { LedgerTarget, MetricLedger } from '../../ledger/types.ts';
import { simulate } from '../testing/simulate.ts';
import { randomWorld } from '../testing/worlds.ts';
import { podsOf } from './pods.ts';

const { topology } = simulate(randomWorld(3, 1));
const [load] = topology.pods;

function target(times: readonly number[], failed: readonly number[] = []): LedgerTarget {
  const scrapes = times.map((t) => ({ t, fromMs: t, untilMs: t + 4, ok: !failed.includes(t), startTime: null }));
  return { job: 'linkerd-proxy', namespace: load!.namespace, pod: load!.name, instance: load!.instance, scrapes };
}

function scrapesOf(fromMs: number, ...targets: LedgerTarget[]) {
  const prometheus: MetricLedger = { source: 'prometheus', targets, series: [] };
  const pods = podsOf({ topology, prometheus }, new Map(), (t) => t, fromMs);
  expect(pods.map(({ pod }) => pod)).toEqual(topology.pods.map(({ name }) => name));
  expect(pods.slice(1).flatMap(({ scrapes }) => scrapes)).toEqual([]);
  return pods[0]!.scrapes;
}

describe('scrapes of a pod', () => {
  it('stand where its page was rendered, from the beginning of what is told', () => {
    expect(scrapesOf(0, target([-10, 0, 10], [10]))).toEqual([
      { atMs: 2, ok: true },
      { atMs: 12, ok: false },
    ]);
  });

  it('of two jobs stand together, in order', () => {
    expect(scrapesOf(0, target([10, 30]), target([20, 40])).map(({ atMs }) => atMs)).toEqual([12, 22, 32, 42]);
  });

  it('of very many are some, with every change of whether it was up', () => {
    const times = Array.from({ length: 1000 }, (_, i) => 10 * i);
    const shown = scrapesOf(0, target(times, [5010, 9980]));
    expect(shown.length).toBeLessThan(310);
    const changes = shown.filter(({ ok }, i) => i > 0 && ok !== shown[i - 1]!.ok);
    expect(changes.map(({ atMs }) => atMs)).toEqual([5012, 5022, 9982, 9992]);
    expect(shown.at(-1)!.atMs).toBe(9992);
  });
});
