import { z } from 'zod';
import { RESULT_API_VERSION } from '../types.ts';
import { amount, count, estimate, jsonSchema, machine, ms, type Same, startedAt } from './schema-parts.ts';
import type { MicroResult } from './types.ts';

/** The one definition of the record of `npm run bench`: the reader checks with it, the published schema is made from it. */
const bench = z.strictObject({
  name: z.string(),
  unit: z.string().describe('What one unit is: `page of 1,000 series`, `series`, ...'),
  unitsPerRun: amount.describe('How many units one run does.'),
  medianMs: ms.describe('Milliseconds of one run.'),
  p99Ms: ms.describe('Milliseconds of one run.'),
  runs: count.describe('How often it ran.'),
  ratio: estimate('Median of its time over that of the yardstick beside it.').describe(
    'What machines of other speed share.',
  ),
});

export const microSchema = z.strictObject({
  apiVersion: z.literal(RESULT_API_VERSION),
  kind: z.literal('MicroResult'),
  startedAt,
  machine,
  benches: z.array(bench),
});

true satisfies Same<z.output<typeof microSchema>, MicroResult>;

/** JSON Schema (draft 2020-12) of the record of `npm run bench`. */
export function microJsonSchema(): Record<string, unknown> {
  return jsonSchema(microSchema, 'meshproof micro-benchmarks', 'The record of npm run bench.');
}
