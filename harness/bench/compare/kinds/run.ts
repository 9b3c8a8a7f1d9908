import type { FlowResult, QuantileResult, Result, ScenarioResult } from '../../../result/types.ts';
import { environments, other, tools, unfinished } from '../caveats.ts';
import { ofCounts, ofQuantile, ofShares, type Quantiles } from '../counting.ts';
import { type Draft, matched, ofWords, rank } from '../draft.ts';
import { exact, type Test, unknown } from '../noise.ts';

const VERDICTS = ['pass', 'inconclusive', 'fail'] as const;
const ONE_RUN = 'one run a side does not show how much runs differ';
const AS_COUNTED = 'counted, not measured';

export function runDrafts(a: Result, b: Result): Draft[] {
  const pairs = matched(a.scenarios, b.scenarios, ({ name }) => name);
  return [
    ...pairs.flatMap(([name, [x], [y]]) => (x && y ? both(name, x, y) : oneSided(name, x, y))),
    ...(pairs.length > 1 ? [whole(a, b)] : []),
  ];
}

function whole({ durationMs: a }: Result, { durationMs: b }: Result): Draft {
  return { group: 'all scenarios', what: 'took', unit: 'ms', a, b, better: 'lower', test: unknown(ONE_RUN) };
}

function oneSided(name: string, a: ScenarioResult | undefined, b: ScenarioResult | undefined): Draft[] {
  const of = (scenario: ScenarioResult | undefined) => (scenario ? rank(VERDICTS, scenario.verdict) : null);
  const test = unknown('');
  return [{ group: name, what: 'verdict', unit: 'verdict', a: of(a), b: of(b), better: 'lower', test }];
}

function both(group: string, a: ScenarioResult, b: ScenarioResult): Draft[] {
  const row = (
    what: string,
    unit: string,
    of: (scenario: ScenarioResult) => number | null,
    better: Draft['better'],
    test: (x: number, y: number) => Test,
  ): Draft => {
    const [x, y] = [of(a), of(b)];
    return { group, what, unit, a: x, b: y, better, test: x === null || y === null ? unknown('') : test(x, y) };
  };
  const counted = (x: number, y: number) => exact(x, y, AS_COUNTED);
  const shares = () => ofShares(succeeded(a), succeeded(b));
  // Two rates are as far apart as the numbers of requests that they are made of.
  const rates = () => ofCounts(a.traffic.requests, b.traffic.requests);
  return [
    row(
      'verdict',
      'verdict',
      (s) => rank(VERDICTS, s.verdict),
      'lower',
      (x, y) => ofWords(x, y, 'what is inconclusive'),
    ),
    row('requests', '', (s) => s.traffic.requests, 'neither', ofCounts),
    row('rate', '/s', (s) => s.traffic.ratePerSecond, 'neither', rateTest(rates(), a, b)),
    row('success rate', 'ratio', successRate, 'higher', shares),
    row('dropped iterations', '', (s) => s.traffic.droppedIterations, 'lower', ofCounts),
    ...latencies(group, a, b),
    row('flows that are not right', '', (s) => s.flows.filter((f) => f.verdict !== 'pass').length, 'lower', counted),
    row('largest deviation of a count', '', largestDeviation, 'lower', counted),
    row('bounds that did not hold', '', violations, 'lower', counted),
    row(
      'bounds checked',
      '',
      (s) => sum(s.checks.map((c) => c.comparisons)),
      'neither',
      () => unknown(ONE_RUN),
    ),
    row('diagnoses', '', (s) => s.diagnoses?.length ?? null, 'lower', counted),
    row(
      'took',
      'ms',
      (s) => s.durationMs,
      'lower',
      () => unknown(ONE_RUN),
    ),
  ];
}

/** The test of the counts, its noise in the unit of the rate. */
function rateTest(counts: Test, a: ScenarioResult, b: ScenarioResult): () => Test {
  const [requests, rate] = [a.traffic.requests, a.traffic.ratePerSecond];
  return () => ({
    byChance: false,
    judge(level) {
      const { noise, why } = counts.judge(level);
      if (noise === null || requests === 0) return { says: 'unknown', noise: null, why: 'there were no requests' };
      const inRates = (noise / requests) * rate;
      const says = Math.abs(b.traffic.ratePerSecond - rate) > inRates ? 'differs' : 'same';
      return { says, noise: inRates, why };
    },
  });
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const violations = ({ checks }: ScenarioResult) => sum(checks.map((check) => check.violations));

function succeeded({ traffic: { requests, failed } }: ScenarioResult) {
  return { hits: requests - failed, of: requests };
}

function successRate(scenario: ScenarioResult): number | null {
  const { hits, of } = succeeded(scenario);
  return of > 0 ? hits / of : null;
}

/** By how many requests Prometheus is off the truth in the worst flow, beside what it can't have seen. */
function largestDeviation({ flows }: ScenarioResult): number | null {
  const deviations = flows.flatMap(({ truth, prometheus, unobservable }) =>
    prometheus === null ? [] : [Math.max(0, Math.abs(prometheus - truth) - unobservable)],
  );
  return deviations.length > 0 ? Math.max(...deviations) : null;
}

const pathOf = ({ source, destination }: FlowResult | QuantileResult) => `${source} -> ${destination}`;

/** Latency by the truth, which is the same whichever proxy measured it: once a pair of workloads. */
function latencies(group: string, a: ScenarioResult, b: ScenarioResult): Draft[] {
  const unique = ({ quantiles }: ScenarioResult) => {
    const seen = new Map(quantiles.map((q) => [`p${+(q.quantile * 100).toFixed(4)} ${pathOf(q)}`, q]));
    return [...seen].map(([key, q]) => ({ key, q }));
  };
  return matched(unique(a), unique(b), ({ key }) => key).map(([what, [x], [y]]) => {
    const test = x && y ? ofQuantile(known(a, x.q), known(b, y.q), x.q.quantile) : unknown('');
    const [left, right] = [x?.q.truthMs ?? null, y?.q.truthMs ?? null];
    return { group, what, unit: 'ms', a: left, b: right, better: 'lower', test };
  });
}

function known({ flows, quantiles }: ScenarioResult, of: QuantileResult): Quantiles {
  const same = (other: FlowResult | QuantileResult) => pathOf(other) === pathOf(of) && other.direction === of.direction;
  return {
    n: sum(flows.filter(same).map((flow) => flow.truth)),
    at: quantiles.filter(same).map((q) => ({ p: q.quantile, value: q.truthMs })),
  };
}

export function runCaveats(a: Result, b: Result): string[] {
  const pairs = matched(a.scenarios, b.scenarios, ({ name }) => name);
  return [
    ...environments(a.environment, b.environment),
    ...tools(a.environment.tools, b.environment.tools),
    ...other('platform', a.environment.platform, b.environment.platform),
    ...other('Node', a.environment.node, b.environment.node),
    ...pairs.flatMap(([name, [x], [y]]) => (x && y ? other(`seed of ${name}`, x.seed, y.seed) : [])),
    ...pairs.flatMap(([name, [x], [y]]) => (x && y ? [] : [`only ${x ? 'A' : 'B'} has the scenario ${name}`])),
    ...unfinished(a, b),
  ];
}
