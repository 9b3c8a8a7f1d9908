import { z } from 'zod';
import { RESULT_API_VERSION } from '../types.ts';
import {
  amount,
  count,
  error,
  estimate,
  jsonSchema,
  machine,
  ms,
  type Same,
  share,
  startedAt,
} from './schema-parts.ts';
import type { ScrapeResult } from './types.ts';

/** The one definition of what stands in scrape.json: the reader checks with it, the published schema is made from it. */
const settings = z.strictObject({
  targets: count.describe('Simulated proxies.'),
  series: count.describe('Series per target that were wanted.'),
  intervalMs: amount.describe('Milliseconds: scrape interval.'),
  version: z.string().describe('Version profile of the proxies.'),
  churn: share.describe('Pods replaced each minute, as a share of all, 0 to 1.'),
  gzip: z.boolean().describe('Pages are sent compressed.'),
  heldOut: z.boolean().describe('Not used to fit the model, but to test it.'),
});

const ofPrometheus = z.strictObject({
  cpuSeconds: amount.describe('CPU seconds.'),
  samples: amount.describe('Samples of the proxies that it appended.'),
  scrapes: count.describe('Scrapes of the proxies that it made.'),
  headSeries: amount.describe('Series in its head at the end.'),
  residentBytes: amount.describe('Bytes, mean of the readings.'),
  residentBytesMax: amount.describe('Bytes, largest of the readings.'),
  heapBytes: amount.describe('Bytes: live heap after a collection, at the end.'),
  cpuMicrosPerSample: amount.describe('CPU microseconds per sample.'),
  residentBytesPerSeries: amount.describe('Bytes per series.'),
  blockBytesPerSample: amount
    .nullable()
    .describe('Bytes per sample of a snapshot, chunks and index; null: no snapshot could be had.'),
  block: z
    .strictObject({
      samples: count.describe('Samples.'),
      series: count.describe('Series.'),
      chunkBytes: amount.describe('Bytes of its chunks.'),
      indexBytes: amount.describe('Bytes of everything else, the index above all.'),
    })
    .nullable()
    .optional()
    .describe('What that snapshot holds; null: none could be had.'),
  walBytesPerSample: amount.nullable().describe('Bytes per sample of the write-ahead log; null: not known.'),
});

const point = z.strictObject({
  settings,
  seriesPerTarget: amount.describe('Series that a page has.'),
  edgesPerTarget: amount.describe('Peers that a proxy talks to.'),
  bytesPerPage: amount.describe('Bytes.'),
  bytesOnWire: amount.describe('Bytes per page as sent.'),
  seconds: amount.describe('Seconds that were measured, after the warm-up.'),
  prometheus: ofPrometheus,
  scrapeDurationMs: z.strictObject({
    p50: ms.describe('Milliseconds.'),
    p99: ms.describe('Milliseconds.'),
    max: ms.describe('Milliseconds.'),
  }),
  missed: z
    .strictObject({
      scrapes: count.describe('Scrapes that should have been and were not.'),
      targets: count.describe('Targets that missed some.'),
      examples: z.array(z.string()).describe('Some of these targets.'),
    })
    .describe('Scrapes that targets should have had.'),
  rejected: z
    .record(z.string(), count)
    .describe('Samples that Prometheus refused, by reason; zero or empty in health.'),
  generator: z
    .strictObject({
      cpuSeconds: amount.describe('CPU seconds.'),
      samplesPerCpuSecond: amount.describe('Samples served per CPU second.'),
      pageMicros: z
        .strictObject({ p50: amount.describe('Microseconds.'), p99: amount.describe('Microseconds.') })
        .describe('One page: made, compressed if asked, handed over.'),
      residentBytes: amount.describe('Bytes.'),
    })
    .describe('The process that served the pages.'),
});

const modelQuantity = z.strictObject({
  name: z.enum(['cpu', 'memory', 'disk', 'scrape-duration']),
  unit: z.string().describe('Of what is predicted.'),
  terms: z
    .array(
      z.strictObject({
        name: z.string().describe('What the coefficient is multiplied with; `1`: nothing.'),
        coefficient: z.number().describe('In `unit`.'),
        unit: z.string(),
      }),
    )
    .describe('The prediction is the sum of coefficient x term.'),
  residuals: z.array(
    z.strictObject({
      point: count.describe('Index into `points`.'),
      measured: z.number().describe('In the unit of the quantity.'),
      predicted: z.number().describe('In the unit of the quantity.'),
      relative: z.number().describe('(predicted - measured) / measured.'),
      heldOut: z.boolean(),
    }),
  ),
  rms: amount.describe('Relative: root mean square of the residuals of the fitted points.'),
  worstHeldOut: amount.nullable().describe('Relative: largest residual of the held-out points; null: none.'),
  range: z
    .record(z.string(), z.tuple([z.number(), z.number()]))
    .describe('What was measured, from and to; outside of it the model extrapolates.'),
});

const prediction = z.strictObject({
  asked: z.strictObject({
    pods: count.describe('Pods with a proxy.'),
    edges: amount.describe('Peers that each talks to.'),
    intervalMs: amount.describe('Milliseconds: scrape interval.'),
    version: z.string().describe('Version profile of the proxies.'),
    churn: share.describe('Pods replaced each minute, as a share of all, 0 to 1.'),
  }),
  seriesPerPod: amount.describe('Series.'),
  samplesPerSecond: amount.describe('Samples per second.'),
  cpuCores: estimate('Cores.'),
  memoryBytes: estimate('Resident bytes.'),
  diskBytesPerDay: estimate('Bytes per day.'),
  scrapeDurationMs: estimate('Milliseconds.'),
  missed: z
    .array(z.strictObject({ targets: z.string(), why: z.string() }))
    .describe('Which targets would be missed; empty: none.'),
  extrapolates: z.array(z.string()).describe('Where it goes beyond what was measured.'),
});

const accuracy = z.strictObject({
  intervalMs: amount.describe('Milliseconds: scrape interval.'),
  metric: z.enum(['rate', 'success-rate', 'p99']),
  traffic: z.string().describe('e.g. `steady`, `bursty`.'),
  windowMs: amount.describe('Milliseconds: window of the query.'),
  expr: z.string().describe('PromQL.'),
  evaluations: count.describe('How often it was evaluated.'),
  empty: count.describe('Evaluations without an answer.'),
  error: z
    .strictObject({
      bias: z.number().describe('Mean of the errors with their sign.'),
      p50: amount.describe('Of the absolute errors.'),
      p95: amount.describe('Of the absolute errors.'),
      worst: amount.describe('Largest absolute error.'),
    })
    .nullable()
    .describe('Of `rate` and `p99` relative to the truth, of `success-rate` absolute; null: never an answer.'),
});

const family = z.strictObject({
  family: z.string().describe('As samples are called, without `_bucket`, `_count`, `_sum`.'),
  seriesPerTarget: amount.describe('Series.'),
  share: share.describe('Of the series of a target, 0 to 1.'),
  cpuCores: amount.nullable().describe('Cores per 1,000 pods, by the model; null without one.'),
  memoryBytes: amount.nullable().describe('Bytes per 1,000 pods, by the model; null without one.'),
  neededBy: z.array(z.string()).describe('Alerts, rules and panels that need it.'),
  drop: z.string().describe('metric_relabel_configs that drop it, YAML.'),
  loses: z.string().describe('What is lost with it.'),
});

export const scrapeSchema = z.strictObject({
  apiVersion: z.literal(RESULT_API_VERSION),
  kind: z.literal('ScrapeResult'),
  startedAt,
  durationMs: ms.describe('Milliseconds.'),
  machine,
  prometheus: z.strictObject({ version: z.string(), args: z.array(z.string()).describe('Its command line.') }),
  plan: z
    .strictObject({
      seed: z.number().int().describe('Everything random came from it.'),
      secondsPerPoint: amount.describe('Seconds.'),
      points: z.array(settings),
    })
    .describe('What was to be measured.'),
  points: z.array(point).describe('What was measured, in the order of the plan.'),
  model: z
    .strictObject({ quantities: z.array(modelQuantity) })
    .nullable()
    .describe('Null: fewer points than it has unknowns.'),
  predictions: z.array(prediction).describe('What was asked of the model.'),
  accuracy: z.array(accuracy).describe('What the interval costs in accuracy; empty: not asked for.'),
  families: z.array(family).describe('The most expensive first; empty: not asked for.'),
  error: error.describe('Set when the sweep did not get to its end.'),
});

true satisfies Same<z.output<typeof scrapeSchema>, ScrapeResult>;

/** JSON Schema (draft 2020-12) of scrape.json. */
export function scrapeJsonSchema(): Record<string, unknown> {
  return jsonSchema(
    scrapeSchema,
    'meshproof bench scrape',
    'The record of meshproof bench scrape, results/<run>/scrape.json.',
  );
}
