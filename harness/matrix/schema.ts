import { z } from 'zod';
import { resultSchema } from '../result/schema.ts';
import { RESULT_API_VERSION } from '../result/types.ts';
import type { FaultsRecord } from './record.ts';

/** The one definition of what stands in faults.json: results/README.md has its fields from here, and a test checks records with it. */
const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();
const podNames = z.array(z.string()).describe('`namespace/pod`, sorted. Empty: none more than another.');

const runError = z
  .strictObject({ code: z.string(), message: z.string(), hint: z.string().describe('What can be done about it.') })
  .optional();

const tally = {
  worlds: count.describe('How many were run.'),
  right: count,
  wrong: count,
  errors: count.describe('Those that did not get to a diagnosis.'),
};

const world = z.strictObject({
  name: z.string().describe('Also its folder, which stays when it is not right.'),
  kind: z.enum(['fault', 'clean', 'pair']).describe('One fault, none, or two at once.'),
  cases: z.array(z.string()).describe('Their scenarios are scenarios/faults/<case>.yaml.'),
  repetition: count.describe('From 1.'),
  seed: z.number().int().describe('Of its scenario.'),
  injected: z.array(z.string()).describe('What was provoked, with what was drawn, a line each.'),
  expected: z.array(z.strictObject({ cause: z.string(), pods: podNames })).describe('What a right diagnosis names.'),
  diagnosed: z.array(
    z.strictObject({
      causes: z.array(z.string()).describe('Several: the evidence did not decide.'),
      pods: podNames,
      subject: z.string().describe('What else it is about: a job, a label, a query.'),
      summary: z.string().describe('One sentence with names and numbers.'),
    }),
  ),
  outcome: z
    .enum(['right', 'wrong', 'error'])
    .describe('`right`: each expected cause is named alone, once, with exactly its pods, and nothing else is named.'),
  why: z.string().describe('Why it is not right; empty when it is.'),
  faultToDiagnosisMs: ms
    .nullable()
    .describe('From the fault (where it was there before, from the start of Prometheus) to its diagnosis.'),
  diagnosingMs: ms.nullable().describe('How much of that was the diagnosing itself.'),
  durationMs: ms.describe('Milliseconds, everything included.'),
  error: runError.describe('Set when it did not get to a diagnosis.'),
});

export const faultsSchema = z.strictObject({
  apiVersion: z.literal(RESULT_API_VERSION),
  kind: z.literal('FaultsResult'),
  verdict: z
    .enum(['pass', 'fail', 'inconclusive'])
    .describe('`pass`: every world is right. `fail`: one is wrong. `inconclusive`: some did not get to their end.'),
  startedAt: z.iso.datetime({ offset: true }).describe('ISO 8601.'),
  durationMs: ms.describe('Milliseconds.'),
  seed: z.number().int().describe('Everything random came from it.'),
  repeat: count.describe('How often each case was drawn and run.'),
  parallel: count.describe('Worlds side by side.'),
  environment: resultSchema.shape.environment,
  planned: count.describe('How many worlds there were to be.'),
  score: z.strictObject({
    faults: z.strictObject(tally).describe('Worlds with one fault.'),
    clean: z.strictObject(tally).describe('Worlds without: right is no diagnosis.'),
    pairs: z
      .strictObject({
        ...tally,
        bothNamed: count.describe('Both were named, with exactly their pods, whatever else was.'),
        wrongNamed: count.describe('A cause was named that is not there, or a pod that it does not concern.'),
      })
      .describe('Worlds with two faults at once.'),
  }),
  worlds: z.array(world).describe('In the order of the plan.'),
  error: runError.describe('Set when the matrix did not get to its end.'),
}) satisfies z.ZodType<FaultsRecord>;
