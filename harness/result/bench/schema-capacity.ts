import { z } from 'zod';
import { resultSchema } from '../schema.ts';
import { RESULT_API_VERSION } from '../types.ts';
import {
  amount,
  count,
  error,
  estimate,
  jsonSchema,
  machine,
  ms,
  partUsage,
  type Same,
  share,
  startedAt,
} from './schema-parts.ts';
import type { CapacityResult } from './types.ts';

/** The one definition of what stands in capacity.json: the reader checks with it, the published schema is made from it. */
const { verdict, reasons, diagnoses } = resultSchema.shape.scenarios.element.shape;

const objective = (quantile: string) =>
  ms
    .nullable()
    .describe(`Milliseconds, from when a request was due to the end of its answer, ${quantile}; null: none.`);

const objectives = z
  .strictObject({
    p50Ms: objective('half of them'),
    p95Ms: objective('95 % of them'),
    p99Ms: objective('99 % of them'),
    successRate: share.describe('0 to 1: answered, below 500; at least.'),
  })
  .describe('What a rate must keep to, to be sustained.');

const point = z.strictObject({
  index: count.describe('From 1, over both sides.'),
  step: z.enum(['bracket', 'bisect', 'confirm', 'knee']).describe('What it was measured for.'),
  dir: z.string().describe('Folder of the run within that of the benchmark.'),
  offeredPerSecond: amount.describe('Requests per second that were due.'),
  achievedPerSecond: amount.describe('Requests per second that ended well.'),
  sustained: z.boolean().nullable().describe('Whether the objectives were kept; null: the point does not count.'),
  why: z.array(z.string()).describe('What was missed, or why it does not count; empty: sustained.'),
  requests: count.describe('Requests within the measured window.'),
  failed: count.describe('Of these, those without an answer or with a status from 500.'),
  droppedIterations: count.describe('Iterations that k6 could not start in time.'),
  successRate: share.describe('0 to 1.'),
  latencyMs: z
    .strictObject({
      p50: ms.describe('Milliseconds.'),
      p95: ms.describe('Milliseconds.'),
      p99: ms.describe('Milliseconds.'),
      max: ms.describe('Milliseconds.'),
    })
    .nullable()
    .describe('From when a request was due to the end of its answer; null: there was none.'),
  usage: z.array(partUsage).describe('What it took, part by part.'),
  verdict: verdict.nullable().describe('Of the telemetry; null: there is none to judge (unmeshed).'),
  reasons: reasons.describe('Why the verdict is no pass.'),
  diagnoses: diagnoses.unwrap().describe('Why what is wrong is wrong.'),
  error: error.describe('Set when the run of the point did not get to its end.'),
});

const side = z.strictObject({
  side: z.enum(['meshed', 'unmeshed']),
  capacity: estimate('Requests per second: the largest sustainable arrival rate.')
    .nullable()
    .describe('Null: none was found, `stopped` says why.'),
  converged: z.boolean().describe('The search ended because its interval was narrow enough.'),
  stopped: z.string().describe('How the search ended.'),
  limitedBy: z.string().describe('Which objective gives way first; empty: unknown.'),
  points: z.array(point).describe('In the order in which they were measured.'),
});

const pair = (unit: string) => z.strictObject({ meshed: amount.describe(unit), unmeshed: amount.describe(unit) });

const within = (unit: string) => estimate(unit).nullable().describe('Null: too few points tell.');
const GROWTH = 'Bytes more per 1,000 requests/s more, over all points that were sustained.';

const price = z.strictObject({
  text: z.string().describe('All of it in a line.'),
  capacityRatio: estimate('Share of the unmeshed capacity that the meshed one has.')
    .nullable()
    .describe('Null: one of the capacities is not known.'),
  atPerSecond: amount.describe('Requests per second: the rate at which the rest was measured on both sides.'),
  addedLatencyMs: z
    .strictObject({
      p50: z.number().describe('Milliseconds.'),
      p95: z.number().describe('Milliseconds.'),
      p99: z.number().describe('Milliseconds.'),
    })
    .describe('Meshed less unmeshed.'),
  addedLatencyWithin: z
    .strictObject({ p50: within('Milliseconds.'), p95: within('Milliseconds.'), p99: within('Milliseconds.') })
    .optional()
    .describe('The same with the interval that repeats give it; absent: of an older record.'),
  appCpu: pair('CPU seconds per 1,000 requests.'),
  proxyCpu: amount.describe('CPU seconds per 1,000 requests.'),
  appBytes: pair('Resident bytes.'),
  proxyBytes: amount.describe('Resident bytes.'),
  bytesPer1000PerSecond: z
    .strictObject({
      app: z.strictObject({ meshed: within(GROWTH), unmeshed: within(GROWTH) }),
      proxy: within(GROWTH),
    })
    .optional()
    .describe('By how much resident memory grows with the rate; absent: of an older record.'),
});

export const capacitySchema = z.strictObject({
  apiVersion: z.literal(RESULT_API_VERSION),
  kind: z.literal('CapacityResult'),
  startedAt,
  durationMs: ms.describe('Milliseconds.'),
  machine,
  environment: z.strictObject({
    name: z.string().describe('`local`, `kind`.'),
    mesh: z.strictObject({
      kind: z.string().describe('`simulated` or `linkerd`.'),
      version: z.string().describe('Linkerd version.'),
      proxyVersion: z.string().describe('linkerd2-proxy version.'),
    }),
  }),
  tools: z.array(z.strictObject({ name: z.string(), version: z.string() })).describe('The programs that were used.'),
  scenario: z.string().describe('Its name.'),
  seed: z.number().int().describe('Everything random came from it.'),
  objectives,
  of: z.string().describe('What the rate is of: `*`, all of the traffic, or one service, `namespace/name`.'),
  atLeast: z
    .number()
    .optional()
    .describe('Requests per second that it was to carry at least (`--at-least`); absent: nothing was asked.'),
  sides: z.array(side),
  price: price.nullable().describe('What the mesh costs; null: there is too little to compare.'),
  error: error.describe('Set when the benchmark did not get to its end.'),
});

true satisfies Same<z.output<typeof capacitySchema>, CapacityResult>;

/** JSON Schema (draft 2020-12) of capacity.json. */
export function capacityJsonSchema(): Record<string, unknown> {
  return jsonSchema(
    capacitySchema,
    'meshproof bench capacity',
    'The record of meshproof bench capacity, results/<run>/capacity.json.',
  );
}
