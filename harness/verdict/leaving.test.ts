import { describe, expect, test } from 'vitest';
import type { MetricLedger } from '../ledger/types.ts';
import { type JudgeInput, judge } from './judge.ts';
import { hunt } from './testing/hunt.ts';
import { simulate } from './testing/simulate.ts';
import { rolledOutWorld } from './testing/worlds.ts';

/** Every pod is replaced by another while requests go through. */
const rolledOut = (seed: number, requests = 40): JudgeInput => simulate(rolledOutWorld(seed, requests));

/** Small worlds in which nothing else happens: one pod that calls two, and others. */
const CALM = 30;
const OTHERS = [36, 0];

describe('pods that come and leave in order', () => {
  test('never make a mesh fail that counts right, nor the data too little', () => {
    let unobservable = 0;
    for (let seed = 0; seed < 15; seed++) {
      const { verdict, reasons, flows } = judge(rolledOut(seed));
      expect(verdict, `world ${seed}: ${JSON.stringify(reasons.slice(0, 3))}`).toBe('pass');
      unobservable += flows.reduce((sum, flow) => sum + flow.unobservable, 0);
    }
    // What they counted after their last scrapes.
    expect(unobservable).toBeGreaterThan(0);
  }, 300_000);

  test('leave flows exact: what Prometheus lacks is what it can not have seen', () => {
    for (const seed of [CALM, ...OTHERS]) {
      const input = rolledOut(seed, 60);
      const { flows } = judge(input);
      if (input.truth.some((j) => j.made.some((m) => m.outcome === 'timeout'))) continue;
      for (const flow of flows.filter(({ status }) => status !== '')) {
        expect(flow.prometheus! + flow.unobservable, `world ${seed} ${flow.source} -> ${flow.destination}`).toBe(
          flow.truth,
        );
      }
    }
  }, 60_000);

  test('hide no wrong proxy: no mutant of the golden counters lives', () => {
    const golden = ['request_total', 'response_total', 'inbound_http_authz_allow_total'];
    const hunted = hunt(rolledOut(CALM), CALM, golden);
    const mutants = hunted.filter((h) => !h.gaveUp && h.mutation !== 'also counted as no_identity');
    expect(mutants.length).toBeGreaterThan(20);
    const alive = mutants.filter((h) => !h.killed);
    expect(alive.map((h) => `${h.family}: ${h.mutation} at ${h.victim.pod}`)).toEqual([]);
  }, 300_000);
});

/** The first pod that leaves, with when its app ended. */
function leaver({ truth, topology }: JudgeInput): { pod: string; endMs: number } {
  const served = new Set(topology.services.map(({ workload }) => workload));
  const journal = truth.find((j) => j.endMs !== null && served.has(j.workload))!;
  return { pod: journal.pod, endMs: journal.endMs! };
}

const withScrapes = (
  ledger: MetricLedger,
  pod: string,
  keep: (t: number) => boolean,
): Pick<MetricLedger, 'targets' | 'series'> => {
  const index = ledger.targets.findIndex((target) => target.pod === pod);
  return {
    targets: ledger.targets.map((target, i) =>
      i === index ? { ...target, scrapes: target.scrapes.filter(({ t }) => keep(t)) } : target,
    ),
    series: ledger.series
      .map((s) => (s.target === index ? { ...s, samples: s.samples.filter(({ t }) => keep(t)) } : s))
      .filter(({ samples }) => samples.length > 0),
  };
};

describe('a pod that has left', () => {
  test('is demanded no page after its end, nor a last one', () => {
    const input = rolledOut(CALM);
    const { pod } = leaver(input);
    const proxy = { ...input.proxy, ...withScrapes(input.proxy, pod, () => false) };
    expect(judge({ ...input, proxy }).reasons).toEqual([]);
  });

  test('was to be scraped until it left', () => {
    const input = rolledOut(CALM);
    const { pod, endMs } = leaver(input);
    const silentMs = 4 * input.window.scrapeIntervalMs!;
    const prometheus = {
      ...input.prometheus,
      ...withScrapes(input.prometheus, pod, (t) => t < endMs - silentMs),
    };
    const window = { ...input.window, trafficEndMs: Math.max(input.window.trafficEndMs, endMs) };
    const { verdict, reasons } = judge({ ...input, prometheus, window });
    expect(verdict).toBe('inconclusive');
    expect(reasons.map(({ code }) => code)).toEqual(['TARGET_DOWN']);
    expect(reasons[0]!.message).toMatch(new RegExp(`${pod}: there was no scrape for \\d+ ms before it left`));
  });

  test('is held to the last page that it showed', () => {
    const input = rolledOut(CALM);
    const pods = new Set(input.truth.filter((j) => j.endMs !== null).map(({ pod }) => pod));
    const series = input.proxy.series.map((s) => {
      const { pod, scrapes } = input.proxy.targets[s.target]!;
      if (s.name !== 'response_total' || !pods.has(pod)) return s;
      const last = scrapes.at(-1)!.t;
      return { ...s, samples: s.samples.map((x) => (x.t === last ? { ...x, v: x.v + 1 } : x)) };
    });
    const { verdict, reasons } = judge({ ...input, proxy: { ...input.proxy, series } });
    expect(verdict).toBe('fail');
    expect(reasons.map(({ code }) => code)).toContain('NOT_EQUAL_AT_END');
  });
});

describe('a pod that comes', () => {
  /** The first. */
  const comer = (input: JudgeInput): { pod: string; startMs: number } => {
    const comers = input.truth.filter((j) => j.startMs > input.window.originMs);
    return comers.reduce((a, b) => (b.startMs < a.startMs ? b : a));
  };

  test('is not demanded before Prometheus can have known of it', () => {
    const input = rolledOut(CALM);
    const { pod, startMs } = comer(input);
    // Later than a target that was there before may be scraped again.
    const knownMs = startMs + 3.2 * input.window.scrapeIntervalMs!;
    expect(knownMs).toBeLessThan(input.window.trafficEndMs);
    const prometheus = { ...input.prometheus, ...withScrapes(input.prometheus, pod, (t) => t > knownMs) };
    expect(judge({ ...input, prometheus }).reasons).toEqual([]);
  });

  test('is demanded in the end', () => {
    const input = rolledOut(CALM);
    const { pod } = comer(input);
    const prometheus = { ...input.prometheus, ...withScrapes(input.prometheus, pod, () => false) };
    const { verdict, reasons } = judge({ ...input, prometheus });
    expect(verdict).toBe('inconclusive');
    expect(reasons.map(({ code }) => code)).toContain('NO_DATA');
  });
});
