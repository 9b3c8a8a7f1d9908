import fc from 'fast-check';
import type {
  BoundResult,
  Diagnosis,
  FlowResult,
  QuantileResult,
  QueryResult,
  Result,
  ScenarioResult,
} from '../types.ts';

/** Any result that the type allows, nasty text and infinities included: for property tests of readers and reports. */
const hostile = fc.constantFrom(
  '',
  '|',
  '<b>',
  ']]>',
  '&amp;',
  'a\nb',
  '\u001b[31mred',
  '\u0000\u0007',
  '\ud800',
  '漢字かな',
  '👩‍👩‍👧 e\u0301',
  '`code`',
  '*x*_y_',
  '\'"',
  '[a](http://b)',
  '\u202eright-to-left',
  '-->',
  '::error::',
);
export const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 30 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 2, arbitrary: fc.tuple(hostile, fc.string({ maxLength: 8 }), hostile).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.string({ minLength: 100, maxLength: 300 }) },
);

export const verdict = fc.constantFrom('pass', 'fail', 'inconclusive');
const direction = fc.constantFrom('inbound', 'outbound');
const ledger = fc.constantFrom('proxy', 'prometheus');
export const count = fc.nat({ max: 2 ** 31 - 1 });
export const number = fc.double({ noNaN: true, noDefaultInfinity: true });
export const positive = fc.double({ min: 0, max: 1e12, noNaN: true }).map((v) => v + 0);
export const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
export const instant = fc
  .date({ min: new Date('1990-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
  .map((d) => d.toISOString());
export const error = fc.option(fc.record({ code: text, message: text, hint: text }), { nil: undefined });
export const few = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { maxLength: 3 });

const bound: fc.Arbitrary<BoundResult> = fc.record({
  family: text,
  ledger,
  samples: count,
  violations: count,
  worst: nullable(
    fc.record({
      t: number,
      low: fc.oneof(number, fc.constant(Number.NEGATIVE_INFINITY)),
      value: number,
      high: fc.oneof(number, fc.constant(Number.POSITIVE_INFINITY)),
    }),
  ),
  reason: text,
});

export const flow: fc.Arbitrary<FlowResult> = fc.record({
  source: text,
  destination: text,
  route: text,
  protocol: fc.constantFrom('http', 'grpc', 'tcp'),
  status: fc.oneof(text, fc.constantFrom('200', '404', '500', '')),
  direction,
  truth: count,
  proxy: nullable(number),
  prometheus: nullable(number),
  unobservable: count,
  verdict,
  truthByRoute: fc.dictionary(
    text.filter((key) => key !== '__proto__'),
    count,
    { maxKeys: 3, noNullPrototype: true },
  ),
  bounds: few(bound),
});

const quantile: fc.Arbitrary<QuantileResult> = fc.record({
  destination: text,
  source: text,
  direction,
  quantile: fc.double({ min: 0, max: 1, noNaN: true }).map((v) => v + 0),
  truthMs: positive,
  observedMs: nullable(positive),
  lowMs: positive,
  highMs: fc.oneof(positive, fc.constant(Number.POSITIVE_INFINITY)),
  verdict,
});

const query: fc.Arbitrary<QueryResult> = fc.record(
  {
    tool: text,
    subject: text,
    metric: fc.constantFrom('successRate', 'rate', 'requests', 'p50', 'p90', 'p95', 'p99'),
    expr: text,
    value: nullable(number),
    truth: nullable(number),
    why: text,
    verdict,
    flow: text,
    overMs: positive,
    within: positive,
  },
  { requiredKeys: ['tool', 'subject', 'metric', 'expr', 'value', 'truth', 'why'] },
);

export const diagnosis: fc.Arbitrary<Diagnosis> = fc.record({
  causes: fc.array(text, { minLength: 1, maxLength: 3 }),
  title: text,
  kind: fc.constantFrom('fault', 'reading'),
  pods: fc.array(text, { maxLength: 6 }),
  subject: text,
  summary: text,
  evidence: few(text),
  remedy: few(text),
});

const scenario: fc.Arbitrary<ScenarioResult> = fc.record({
  name: text,
  description: text,
  file: text,
  seed: fc.nat(),
  verdict,
  reasons: few(
    fc.record({
      code: fc.oneof(text, fc.constantFrom('NO_DATA', 'TARGET_DOWN')),
      verdict: fc.constantFrom('fail', 'inconclusive'),
      message: text,
    }),
  ),
  notes: few(text),
  startedAt: instant,
  durationMs: positive,
  phases: few(fc.record({ name: text, durationMs: positive })),
  steps: few(fc.record({ name: text, detail: text, durationMs: positive })),
  traffic: fc.record({ requests: count, failed: count, droppedIterations: count, ratePerSecond: positive }),
  clockMarginMs: positive,
  flows: few(flow),
  quantiles: few(quantile),
  slo: few(fc.record({ flow: text, condition: text, truth: nullable(number), observed: nullable(number), verdict })),
  queries: few(query),
  checks: few(fc.record({ family: text, ledger, comparisons: count, violations: count })),
  diagnoses: fc.option(few(diagnosis), { nil: undefined }),
  error,
});

export const arbitraryResult: fc.Arbitrary<Result> = fc.record({
  apiVersion: fc.constant('meshproof/v1'),
  kind: fc.constant('Result'),
  verdict,
  startedAt: instant,
  durationMs: positive,
  environment: fc.record({
    name: text,
    mesh: fc.record({ kind: text, version: text, proxyVersion: text }),
    tools: few(fc.record({ name: text, version: text, path: text, source: text })),
    node: text,
    platform: text,
  }),
  steps: few(fc.record({ name: text, detail: text, durationMs: positive })),
  scenarios: few(scenario),
  error,
});
