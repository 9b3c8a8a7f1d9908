import type { LedgerSeries, MetricLedger } from '../../ledger/types.ts';
import { FAMILIES } from '../families.ts';
import { type JudgeInput, judge } from '../judge.ts';
import { MUTATIONS, type Mutation, sameLedger, type Victim } from './mutants.ts';
import { Rng } from './rng.ts';

export interface Hunted {
  family: string;
  mutation: string;
  victim: Victim;
  killed: boolean;
  /** The victim's service has had plaintext requests beside probes, which families without client labels count too. */
  plain: boolean;
  /** A caller of that world gave up: its request may have been counted or not. */
  gaveUp: boolean;
}

/** Makes each mutation of each family (or of those named) in a run, once, and lets the judge look at it. */
export function hunt(
  input: JudgeInput,
  seed: number,
  families = FAMILIES.map((f) => f.name),
  mutations = MUTATIONS,
): Hunted[] {
  const rng = new Rng(seed);
  const hunted: Hunted[] = [];
  for (const name of families) {
    for (const mutation of mutations) {
      const found = mutant(input, name, mutation, rng);
      if (!found) continue;
      const { verdict } = judge(found.input);
      const { victim } = found;
      hunted.push({
        family: name,
        mutation: mutation.name,
        victim,
        killed: verdict === 'fail',
        plain: hadPlain(input, victim),
        gaveUp: input.truth.some((j) => j.made.some((m) => m.outcome === 'timeout' || m.outcome === 'open')),
      });
    }
  }
  return hunted;
}

/** A few tries at random series of the family; null when the mutation changes none of them. */
function mutant(
  input: JudgeInput,
  family: string,
  mutation: Mutation,
  rng: Rng,
): { input: JudgeInput; victim: Victim } | null {
  const candidates = input.prometheus.series.filter((s) => s.name === family && isAppTraffic(s) && moves(s));
  for (let i = 0; i < 6 && candidates.length > 0; i++) {
    const series = rng.pick(candidates);
    const victim = victimOf(input.prometheus, series, rng);
    const prometheus = mutation.apply(input.prometheus, victim);
    const proxy = mutation.apply(input.proxy, victim);
    if (prometheus && !sameLedger(prometheus, input.prometheus)) {
      return { input: { ...input, prometheus, proxy: proxy ?? input.proxy }, victim };
    }
  }
  return null;
}

function isAppTraffic(s: LedgerSeries): boolean {
  return s.labels.tls !== 'no_identity' && s.labels.route_name !== 'probe';
}

function hadPlain(input: JudgeInput, { namespace, pod }: Victim): boolean {
  return input.truth.some(
    (j) =>
      j.pod === pod &&
      j.workload.startsWith(`${namespace}/`) &&
      j.served.some((r) => r.caller === '-' && r.route !== '/healthz' && r.route !== '/readyz'),
  );
}

function moves(s: LedgerSeries): boolean {
  return (s.samples.at(-1)?.v ?? 0) > 0;
}

/** The moment lies before the series' last movement, so that the mutation matters. */
function victimOf(ledger: MetricLedger, series: LedgerSeries, rng: Rng): Victim {
  const { namespace, pod } = ledger.targets[series.target]!;
  const end = series.samples.at(-1)!.v;
  const moving = series.samples.filter((x) => x.v < end);
  const fromMs = (moving.length > 0 ? rng.pick(moving) : series.samples[0]!).t;
  return { namespace, pod, name: series.name, labels: series.labels, fromMs };
}
