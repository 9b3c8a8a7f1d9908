import { z } from 'zod';
import { RESULT_API_VERSION } from './types.ts';

/**
 * The one definition of what stands in result.json: the reader checks with it, and the published JSON Schema and the
 * field list of results/README.md are made from it. JSON has no infinity, so an open end of a range is null there.
 */
const verdict = z.enum(['pass', 'fail', 'inconclusive']).describe('No data is never a pass.');
const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();
const instant = z.iso.datetime({ offset: true }).describe('ISO 8601.');

const upper = z
  .number()
  .nullable()
  .transform((v) => v ?? Number.POSITIVE_INFINITY);
const lower = z
  .number()
  .nullable()
  .transform((v) => v ?? Number.NEGATIVE_INFINITY);

const runError = z
  .strictObject({
    code: z.string().describe('Stable, upper snake case.'),
    message: z.string().describe('What is wrong, with the place.'),
    hint: z.string().describe('What can be done about it.'),
  })
  .optional();

const reason = z.strictObject({
  code: z.string().describe('Stable, upper snake case: `BOUND_VIOLATED`, `TARGET_DOWN`, ...'),
  verdict: z.enum(['fail', 'inconclusive']).describe('What this reason makes of the scenario.'),
  message: z.string().describe('One sentence with the numbers and the place.'),
});

const worst = z
  .strictObject({
    t: z.number().describe('Time stamp of the sample, epoch milliseconds.'),
    low: lower.describe('The value must not be below; null: no lower end.'),
    value: z.number().describe('What the ledger says.'),
    high: upper.describe('The value must not be above; null: no upper end.'),
  })
  .nullable();

const bound = z.strictObject({
  family: z.string().describe('Metric family, e.g. `response_total`.'),
  ledger: z.enum(['proxy', 'prometheus']).describe('Which ledger was compared with the truth.'),
  samples: count.describe('Samples compared.'),
  violations: count.describe('Samples outside of their bounds.'),
  worst: worst.describe('The tightest, or the worst violated, of the comparisons; null when there was none.'),
  reason: z.string().describe('The order of events that makes it a bound.'),
});

const flow = z.strictObject({
  source: z.string().describe('Workload as `namespace/name`.'),
  destination: z.string().describe('Workload as `namespace/name`.'),
  route: z
    .string()
    .describe(
      'The route label, as the metrics can tell it: `default` without one, `[DEFAULT]` for what matched no route of a ServiceProfile.',
    ),
  protocol: z.enum(['http', 'grpc', 'tcp']).default('http').describe('What the destination speaks.'),
  status: z
    .string()
    .describe(
      'HTTP status, or `grpc` with code and name; empty for responses that failed before their headers. TCP: what is counted.',
    ),
  direction: z.enum(['inbound', 'outbound']).describe('Whose proxy counted.'),
  truth: count.describe('Requests with this outcome, at the end.'),
  proxy: z.number().nullable().describe("The same by the proxies' own pages; null: no data."),
  prometheus: z.number().nullable().describe('The same by Prometheus; null: no data.'),
  unobservable: count.describe(
    'Requests that died with an incarnation after its last scrape, or that no family of its version of the proxy shows.',
  ),
  requests: count
    .optional()
    .describe('Requests that the application made, where proxies count attempts and retries made more of them.'),
  verdict,
  truthByRoute: z.record(z.string(), count).describe("Requests by the service's own routes, e.g. `GET /checkout`."),
  bounds: z.array(bound).describe('Bound by bound: what had to hold, and why.'),
});

const quantile = z.strictObject({
  destination: z.string().describe('Workload as `namespace/name`.'),
  source: z.string().describe('Workload as `namespace/name`.'),
  direction: z.enum(['inbound', 'outbound']).describe('Whose proxy measured.'),
  quantile: z.number().min(0).max(1).describe('0.5, 0.95, 0.99.'),
  truthMs: ms.describe("Milliseconds, by the callee's clock (the caller's where no service answered)."),
  observedMs: ms.nullable().describe('Milliseconds, histogram_quantile over the last buckets; null: no data.'),
  lowMs: ms.describe(
    'Milliseconds: the bucket that holds the quantile begins here (edge + 1, since the proxy cuts to whole ones).',
  ),
  highMs: upper.describe('Milliseconds: that bucket ends before here; null: it is open (`+Inf`).'),
  verdict,
});

const slo = z.strictObject({
  flow: z.string().describe('As the scenario says it, e.g. `* -> shop/web`.'),
  condition: z.string().describe('As the scenario says it, e.g. `successRate >= 99%`.'),
  truth: z.number().nullable().describe('Ratio 0 to 1, milliseconds or requests per second; null: no data.'),
  observed: z.number().nullable().describe('The same by Prometheus; null: no data.'),
  verdict,
});

const query = z.strictObject({
  tool: z.string().describe('Who asks so: `linkerd viz stat`, `Grafana: SUCCESS RATE`, ...'),
  subject: z.string().describe('What is asked about.'),
  metric: z.enum(['successRate', 'rate', 'requests', 'p50', 'p90', 'p95', 'p99']),
  expr: z.string().describe('PromQL.'),
  value: z.number().nullable().describe('Ratio, requests per second or milliseconds; null: no data.'),
  truth: z.number().nullable().describe('The same by the truth; null: not defined.'),
  why: z.string().describe('Why they differ, when they do.'),
  verdict: verdict
    .optional()
    .describe('Of a query that the scenario names: whether it said what is true. Absent: for information.'),
  flow: z.string().optional().describe('With `verdict`: the flow it is taken to be about.'),
  overMs: ms.optional().describe('With `verdict`: the window of the truth, milliseconds.'),
  within: z.number().optional().describe('With `verdict`: how far off it may be, relative to the truth.'),
});

const diagnosis = z.strictObject({
  causes: z
    .array(z.string())
    .min(1)
    .describe('Ids of the catalogue (docs/causes/). One: decided. Several: the evidence does not decide between them.'),
  title: z.string(),
  kind: z
    .enum(['fault', 'reading'])
    .describe('`fault`: wrong by itself; `reading`: as designed, but not what it was taken for.'),
  pods: z.array(z.string()).describe('`namespace/pod`: whose telemetry is concerned. Empty: none more than another.'),
  subject: z.string().describe('What else it is about: a job, a label, a query.'),
  summary: z.string().describe('One sentence with names and numbers.'),
  evidence: z.array(z.string()).describe('The facts that led to it, each with where it was read.'),
  remedy: z.array(z.string()).describe('What to do.'),
});

const check = z.strictObject({
  family: z.string().describe('Metric family.'),
  ledger: z.enum(['proxy', 'prometheus']).describe('Which ledger was compared with the truth.'),
  comparisons: count.describe('Bounds checked.'),
  violations: count.describe('Bounds that did not hold.'),
});

const steps = z
  .array(
    z.strictObject({
      name: z.string(),
      detail: z.string(),
      durationMs: ms.describe('Milliseconds; steps may have run side by side.'),
    }),
  )
  .default([]);

const scenario = z.strictObject({
  name: z.string(),
  description: z.string(),
  file: z.string().describe('The scenario file, as it was given.'),
  seed: z.number().int().describe('Everything random came from it.'),
  verdict,
  reasons: z.array(reason).describe('Why it is not a pass; empty for a pass.'),
  notes: z.array(z.string()).describe('Remarks that change no verdict.'),
  startedAt: instant,
  durationMs: ms.describe('Milliseconds, everything included.'),
  phases: z
    .array(z.strictObject({ name: z.string(), durationMs: ms.describe('Milliseconds.') }))
    .describe('Where the time went, in order.'),
  steps: steps.describe('How the phase `start` went, step by step.'),
  traffic: z
    .strictObject({
      requests: count.describe('Requests that the load generator made.'),
      failed: count.describe('Of these, those without an answer or with an error status.'),
      droppedIterations: count.describe('Iterations that k6 could not start in time.'),
      ratePerSecond: z.number().nonnegative().describe('Requests per second over the time of the traffic.'),
    })
    .describe('What the load generator did.'),
  clockMarginMs: ms.describe('How far the clocks of all parties may be apart, in milliseconds.'),
  flows: z.array(flow).describe('One a flow: what was true, and what was seen.'),
  quantiles: z.array(quantile).describe('Latency, with the bucket edges between which it must lie.'),
  slo: z.array(slo).describe('Expectations of the scenario.'),
  queries: z.array(query).describe("For information: what people's queries show."),
  checks: z.array(check).describe('Every bound that was checked, counted by family.'),
  diagnoses: z.array(diagnosis).optional().describe('Why what is wrong is wrong.'),
  error: runError.describe('Set when the scenario did not get to its end.'),
});

export const resultSchema = z.strictObject({
  apiVersion: z.literal(RESULT_API_VERSION),
  kind: z.literal('Result'),
  verdict,
  startedAt: instant,
  durationMs: ms.describe('Milliseconds.'),
  environment: z.strictObject({
    name: z.string().describe('`local`, `kind`, `existing`.'),
    mesh: z.strictObject({
      kind: z.string().describe('`simulated` or `linkerd`.'),
      version: z.string().describe('Linkerd version.'),
      proxyVersion: z.string().describe('linkerd2-proxy version.'),
    }),
    tools: z
      .array(
        z.strictObject({
          name: z.string(),
          version: z.string(),
          path: z.string(),
          source: z.string().describe('How it was found: `given`, `PATH`, `cache`, `container`, `release`, `go`.'),
        }),
      )
      .describe('The programs that were used: k6, Prometheus, kind, linkerd.'),
    node: z.string().describe('Version of Node.'),
    platform: z.string().describe('Operating system and architecture.'),
  }),
  steps: steps.describe('How what all scenarios share was brought up (a cluster, its mesh), step by step.'),
  scenarios: z.array(scenario),
  error: runError.describe('Set when the run did not get to its end.'),
});

/** JSON Schema (draft 2020-12) of result.json. */
export function resultJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(resultSchema, { io: 'input' });
  return {
    $schema,
    title: 'meshproof result',
    description: 'The record of a run of meshproof, results/<run>/result.json.',
    ...rest,
  };
}
