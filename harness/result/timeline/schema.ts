import { z } from 'zod';
import { TIMELINE_API_VERSION, type Timeline } from './types.ts';

/** The one definition of what stands in timeline.json: the reader checks with it, the published schema is made from it. */
const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();
const moment = z.number().describe('Milliseconds after the origin; negative before it.');
const moments = z.array(z.number()).describe('Milliseconds after the origin, ascending.');
const counts = (of: string) => z.array(z.number()).describe(of);
const direction = z.enum(['inbound', 'outbound']).describe('Whose proxy counts.');
const workload = z.string().describe('Workload as `namespace/name`.');

/** Lists of one object are as long as one another: charts read them side by side. */
const even = (lists: Record<string, readonly unknown[]>): boolean =>
  new Set(Object.values(lists).map((list) => list.length)).size <= 1;
const UNEVEN = { message: 'its lists are not as long as one another' };

const pod = z.strictObject({
  namespace: z.string(),
  pod: z.string(),
  workload,
  scrapes: z
    .array(
      z.strictObject({
        atMs: moment.describe('The page was rendered then, as near as is known: milliseconds after the origin.'),
        ok: z.boolean().describe('`up`.'),
      }),
    )
    .describe('When Prometheus read its page; of more than 300 not every one.'),
  series: count.nullable().describe("Series on its proxy's own page, when all had settled; null: there was none."),
});

const band = z.strictObject({
  kind: z
    .enum(['timeline', 'fault', 'restart', 'rollout'])
    .describe('`timeline`: a service behaves otherwise; `fault`: telemetry fails; `restart`: a pod is killed.'),
  label: z.string().describe('What was done: `shop/cart: errors 30% 503`.'),
  fromMs: moment,
  toMs: moment
    .nullable()
    .describe('Milliseconds after the origin; the same as `fromMs`: a moment; null: until the end.'),
});

const flow = z.strictObject({
  source: workload,
  destination: workload,
  direction,
  unit: z
    .enum(['responses', 'connections'])
    .describe('What is counted: `response_total`, or connections opened (TCP).'),
  truth: z
    .strictObject({
      atMs: moments,
      count: counts('So many had come to their end (TCP: had been opened).'),
      failures: counts('Of these, failures: status >= 500, failures of gRPC, or no headers.'),
    })
    .refine(even, UNEVEN)
    .describe('By the journals: a staircase from 0 to the total, thinned where it is dense.'),
  prometheus: z
    .strictObject({
      atMs: moments,
      count: counts('What the pages of all pods of the side that counts added up to, of each its last.'),
      failures: counts('Of these, failures.'),
      low: counts('`count` had to be at least so much, by the truth.'),
      high: counts('`count` had to be at most so much, by the truth.'),
    })
    .refine(even, UNEVEN)
    .describe(
      'After each scrape of a pod of the side that counts; of many not every one, but each that is outside of `low` and `high`.',
    ),
  proxy: z
    .strictObject({
      atMs: moment,
      count: z.number().describe('Responses, or connections opened.'),
      failures: z.number().describe('Of these, failures.'),
      earlier: z
        .strictObject({
          atMs: moments,
          count: counts('What the last pages of those that had left by then added up to.'),
          failures: counts('Of these, failures.'),
        })
        .refine(even, UNEVEN)
        .optional()
        .describe('Readings before that: the last pages of pods that left, as in a roll-out. Absent where none left.'),
    })
    .nullable()
    .describe("The proxies' own pages, when all had settled; null: no data."),
});

const distribution = z
  .strictObject({
    source: workload,
    destination: workload,
    direction,
    edgesMs: z
      .array(z.number().nullable())
      .describe("Milliseconds: upper edges of the histogram's buckets, ascending; null: the last is open."),
    truth: counts('Requests in each bucket, by the clock of the side that counts.'),
    observed: counts('Requests in each bucket, by Prometheus at the end.'),
    fine: z
      .strictObject({
        upToMs: z.array(z.number()).describe('Milliseconds: upper edges, equally far apart on a logarithmic scale.'),
        count: counts('Requests in each.'),
      })
      .refine(even, UNEVEN)
      .describe('The truth in finer bins.'),
  })
  .refine(({ edgesMs, truth, observed }) => even({ edgesMs, truth, observed }), UNEVEN);

export const timelineSchema = z.strictObject({
  apiVersion: z.literal(TIMELINE_API_VERSION),
  kind: z.literal('Timeline'),
  scenario: z.string().describe('Its name.'),
  originEpochMs: z.number().describe('When traffic began: milliseconds since 1970-01-01T00:00:00Z.'),
  fromMs: moment.describe('The first moment that is told of: milliseconds after the origin, so negative.'),
  toMs: moment.describe('The last moment that is told of: milliseconds after the origin.'),
  trafficEndMs: moment.describe('When the load generator had ended: milliseconds after the origin.'),
  scrapeIntervalMs: ms.describe('Milliseconds.'),
  pods: z.array(pod).describe('Who stood in the mesh, and when each was scraped.'),
  bands: z.array(band).describe('What was done to the mesh, in order of its beginning.'),
  flows: z
    .array(flow)
    .describe('One an edge and direction, all statuses together, in the order of the flows of `result.json`.'),
  latencies: z.array(distribution).describe('How long requests of an edge took, over the whole run.'),
});

/** Compiles only while schema and type say the same. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
true satisfies Same<z.output<typeof timelineSchema>, Timeline>;

/** JSON Schema (draft 2020-12) of timeline.json. */
export function timelineJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(timelineSchema, { io: 'input' });
  return {
    $schema,
    title: 'meshproof timeline',
    description: 'What happened over time in one scenario, results/<run>/<scenario>/timeline.json.',
    ...rest,
  };
}
