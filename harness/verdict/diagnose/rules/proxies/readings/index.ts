import type { CauseId } from '../../../../../causes/ids.ts';
import { withUnit } from '../../../../queries/judge.ts';
import { type FailedQuery, failedQueries } from '../../../failed-query.ts';
import type { Ask, DiagnosisInput, Finding, Rule, RunFacts } from '../../../types.ts';
import { explains, mends } from './closeness.ts';
import { type Counted, countedBy } from './counted.ts';
import { type Effect, effectsOn, type Sums } from './effects.ts';
import { type Flow, flowOf } from './flow.ts';
import { toFirstByte } from './latency.ts';
import { type Unmixed, withoutProbes } from './unmixed.ts';

/**
 * Queries that say right what proxies count, and were taken for something else. What proxies should show with an effect is worked
 * out from the truth; an effect is named when the query shows just that.
 */
export const readings: Rule = {
  causes: [
    'retries-counted-as-requests',
    'denials-counted-as-success',
    'probes-counted-as-traffic',
    'requests-abandoned',
    'proxy-restarted',
    'latency-to-first-byte',
    'client-errors-counted-as-success',
  ],
  needs: ['failed queries', 'truth', 'pages'],
  diagnose(input, ask) {
    const { run } = input;
    return run === null ? [] : failedQueries(run).flatMap((query) => ofQuery(input, run, query, ask));
  },
};

function ofQuery(input: DiagnosisInput, run: RunFacts, query: FailedQuery, ask: Ask): Finding[] {
  const counted = countedBy(query, ask);
  if (counted === undefined) return [];
  const unmixed = withoutProbes(input, query, counted, ask);
  if (unmixed === undefined) return [];
  if (unmixed?.value != null && mends(query, unmixed.value)) return [probes(query, unmixed)];
  const rest = unmixed?.value ?? query.value;
  const flow = flowOf(run, query);
  const found = /^p\d+$/.test(query.result.metric)
    ? firstByte(query, counted, flow, rest)
    : ofEffects(query, effectsOn(flow, counted, query, run), flow, rest);
  const diluted = unmixed?.value != null && found.length > 0 && mattersMore(query, unmixed.value);
  return diluted ? [probes(query, unmixed), ...found] : found;
}

/** Probes are named beside something else when a good part of the difference is theirs. */
const GOOD_PART = 0.3;

function mattersMore({ value, truth }: FailedQuery, without: number): boolean {
  return value !== null && Math.abs(value - without) >= GOOD_PART * Math.abs(value - truth);
}

function probes(query: FailedQuery, { value, expr }: Unmixed): Finding {
  const without = withUnit(query.result.metric, value!);
  return {
    ...about(query, ['probes-counted-as-traffic']),
    evidence: [`of meshed clients alone it says ${without}: ${expr}`],
    remedy: [expr],
  };
}

function firstByte(query: FailedQuery, counted: Counted, flow: Flow, value: number | null): Finding[] {
  const first = counted.toFirstByte && value !== null ? toFirstByte(flow, query, value) : undefined;
  if (first === undefined) return [];
  const { metric } = query.result;
  const between = `between ${first.lowMs} and ${first.highMs} ms`;
  return [
    {
      ...about(query, ['latency-to-first-byte']),
      evidence: [
        `${metric} of the time to the first byte is ${withUnit(metric, first.firstByteMs)} (truth, ${first.answers} answers), in the buckets ${between}`,
        `${metric} of the time to the end is ${withUnit(metric, query.truth)} (truth)`,
      ],
    },
  ];
}

/** The fewest effects with which the query shows what it should. */
function ofEffects(query: FailedQuery, effects: readonly Effect[], flow: Flow, value: number | null): Finding[] {
  for (let size = 1; size <= effects.length; size++) {
    const found = subsets(effects, size).filter((those) => explains(query, value, predicted(query, flow, those)));
    if (found.length > 0) return decided(query, flow, value, found);
  }
  return [];
}

/** Where one explanation is clearly nearer than the others it is the one; else what they share is decided, of the rest one. */
function decided(query: FailedQuery, flow: Flow, value: number | null, found: Effect[][]): Finding[] {
  const off = (those: Effect[]): number => Math.abs((value ?? 0) - (predicted(query, flow, those) ?? 0));
  const [best, next] = found.toSorted((a, b) => off(a) - off(b));
  const sets = next !== undefined && off(best!) * 2 >= off(next) ? found : [best!];
  const all = [...new Set(sets.flat())];
  const common = all.filter((effect) => sets.every((those) => those.includes(effect)));
  const open = all.filter((effect) => !common.includes(effect));
  const groups = [...common.map((effect) => [effect]), ...(open.length > 0 ? [open] : [])];
  const metric = query.result.metric;
  return groups.map((those) => {
    const says = predicted(query, flow, best!);
    const pods = those.flatMap((effect) => effect.pods);
    return {
      ...about(query, those.map(({ cause }) => cause) as [CauseId, ...CauseId[]]),
      ...(pods.length > 0 && { pods }),
      evidence: [
        ...those.flatMap(({ evidence }) => evidence),
        says === null ? 'so counted there is nothing' : `so counted it is ${withUnit(metric, says)}`,
      ],
    };
  });
}

function predicted(query: FailedQuery, flow: Flow, effects: readonly Effect[]): number | null {
  const truth: Sums = { total: flow.requests.length, well: flow.well.length };
  const { total, well } = effects.reduce((sums, effect) => effect.change(sums), truth);
  const seconds = (query.window.untilMs - query.window.fromMs) / 1000;
  if (query.result.metric === 'requests') return total;
  if (query.result.metric === 'rate') return seconds > 0 ? total / seconds : null;
  return total > 0 ? well / total : null;
}

function subsets<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, i) => subsets(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]));
}

function about(
  query: FailedQuery,
  causes: [CauseId, ...CauseId[]],
): Pick<Finding, 'causes' | 'pods' | 'subject' | 'summary'> {
  const { metric, expr, subject } = query.result;
  const says = query.value === null ? 'shows no data' : `says ${withUnit(metric, query.value)}`;
  return {
    causes,
    pods: [],
    subject: expr,
    summary: `${expr} ${says}, and the truth of ${subject} is ${withUnit(metric, query.truth)}.`,
  };
}
