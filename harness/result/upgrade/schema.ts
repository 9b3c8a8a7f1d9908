import { z } from 'zod';
import { resultSchema } from '../schema.ts';
import { RESULT_API_VERSION } from '../types.ts';
import type { UpgradeResult } from './types.ts';

/** The one definition of what stands in upgrade.json: the reader checks with it, the published schema is made from it. */
const { flows, reasons, notes, diagnoses, verdict, error } = resultSchema.shape.scenarios.element.shape;
const { startedAt, environment } = resultSchema.shape;
const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();
const moment = z.number().describe('Milliseconds after the origin of traffic.');

const versionChange = (of: string) =>
  z
    .strictObject({
      from: z.string().describe('As it was named.'),
      to: z.string().describe('As it was named.'),
      fromFound: z.string().describe(`What turned out to run: the version of ${of}. Empty: it did not get so far.`),
      toFound: z.string().describe(`What turned out to run: the version of ${of}. Empty: it did not get so far.`),
    })
    .nullable();

const upgradeReason = z.strictObject({
  weight: z
    .enum(['blocks', 'open', 'warns'])
    .describe('`blocks`: no-go; `open`: undecided; `warns`: worth a look, decides nothing.'),
  about: z
    .enum(['verdict', 'lost-requests', 'latency', 'query', 'schema', 'targets', 'input', 'run'])
    .describe('What it is about.'),
  text: z.string().describe('One sentence: what is wrong, where, and why.'),
  remedy: z.string().describe('What to do about it; empty when the sentence says all.'),
});

const run = z.strictObject({
  phase: z.enum(['before', 'during', 'after']),
  repeat: count.describe('From 1.'),
  dir: z.string().describe('Folder of the run within that of the upgrade, with its result.json.'),
  verdict,
  reasons,
  notes,
  flows,
  diagnoses: diagnoses.unwrap(),
  requests: count.describe('Requests that the load generator made.'),
  failed: count.describe('Of these, those without an answer or with an error status.'),
  durationMs: ms.describe('Milliseconds, everything included.'),
  error: error.describe('Set when the run did not get to its end.'),
});

const latency = z.strictObject({
  source: z.string().describe('Workload of the caller, `namespace/name`.'),
  destination: z.string().describe('Service, `namespace/name`.'),
  quantile: z.literal([0.5, 0.95, 0.99]),
  beforeMs: z.number().describe('Milliseconds, mean over the runs of before.'),
  afterMs: z.number().describe('Milliseconds, mean over the runs of after.'),
  differenceMs: z.number().describe('Milliseconds: after - before.'),
  interval: z
    .strictObject({ lowMs: z.number().describe('Milliseconds.'), highMs: z.number().describe('Milliseconds.') })
    .nullable()
    .describe('Of the difference, with a confidence of 95 %; null with fewer than two runs a side.'),
  significant: z.boolean().describe('The interval excludes zero, and the difference exceeds 1 ms.'),
  samples: z
    .strictObject({ before: count.describe('Requests.'), after: count.describe('Requests.') })
    .describe('How many requests they are made of.'),
});

const lost = z.strictObject({
  made: count.describe('Requests and TCP connections of the roll-out.'),
  lost: z
    .array(
      z.strictObject({
        atMs: moment,
        source: z.string().describe('Workload of the caller.'),
        destination: z.string().describe('Service that it called.'),
        route: z.string().describe('Method and path; `tcp`.'),
        outcome: z.string().describe('As the caller saw it.'),
        status: z.number().int().describe('0: none.'),
        meanwhile: z.string().describe('What of the roll-out went on then; empty: nothing.'),
      }),
    )
    .describe('Those without a whole answer that the scenario does not explain.'),
  otherwise: count.describe('As many are lost before and after: without a roll-out.'),
  otherwiseMade: count.describe('Of so many requests.'),
});

const rollout = z.strictObject({
  atMs: moment,
  what: z
    .enum(['control-plane', 'pod-started', 'pod-ready', 'pod-leaving', 'pod-gone'])
    .describe('`pod-ready`: it is among the endpoints; `pod-leaving`: it is not any more.'),
  workload: z.string().describe('`namespace/workload`; of the control plane its namespace.'),
  pod: z.string().describe('Empty for the control plane.'),
  version: z.string().describe('Of the proxy, with `v`.'),
});

const scenario = z.strictObject({
  name: z.string(),
  runs: z.array(run).describe('In the order in which they ran.'),
  latency: z.array(latency).describe("Per flow, by the callers' clocks."),
  lost,
  rollout: z.array(rollout).describe('What was replaced when.'),
  interleaved: z.boolean().describe('Before and after ran by turns, so that a drift of the machine is in both.'),
});

const sizes = (what: string) => z.strictObject({ before: z.number().describe(what), after: z.number().describe(what) });

const schemaDifference = z.strictObject({
  changes: z.array(
    z.strictObject({
      kind: z.enum(['gone', 'new', 'renamed', 'changed']),
      what: z.enum(['family', 'label', 'label-value', 'buckets', 'type', 'unit', 'help', 'targets', 'page', 'meaning']),
      subject: z.string().describe('e.g. `request_total{direction="inbound"}`; of targets their job.'),
      before: z.string().describe('What was there; empty: nothing.'),
      after: z.string().describe('What is there; empty: nothing.'),
      reason: z.string().describe('Why it is so, and since when; empty when it is not known.'),
      guessed: z.boolean().describe('A rename that is not known but guessed.'),
    }),
  ),
  seriesPerProxy: sizes('Series, the mean over the proxies.'),
  bytesPerScrape: sizes('Bytes, the mean over the proxies.'),
});

const outcome = z
  .enum(['same', 'same-within-noise', 'now-empty', 'newly-non-empty', 'different-labels', 'different-values', 'error'])
  .describe('What became of it.');

const query = z.strictObject({
  place: z.string().describe('Where it stands: file and line, dashboard and panel, group and rule.'),
  kind: z.enum(['alert', 'recording', 'panel', 'expression']),
  expr: z.string().describe('As written.'),
  evaluated: z.string().describe('As evaluated, variables resolved.'),
  outcome,
  notExercised: z.boolean().describe('Nothing that it selects was there on either side: its outcome says nothing.'),
  seen: z.string().describe('What was seen, e.g. `4 series before, none after`.'),
  reason: z.string().describe('Why; empty when there is nothing to explain.'),
  rewrite: z
    .strictObject({ expr: z.string().describe('For the new version.'), checked: outcome })
    .nullable()
    .describe('What to write instead, with what its own evaluation made of it; null when no rename is known.'),
  broken: z.boolean().describe('It is worth blocking an upgrade for.'),
});

const problem = z.strictObject({
  place: z.string().describe('File with line, or URL.'),
  code: z.string().describe('Stable, upper snake case.'),
  message: z.string(),
  hint: z.string().describe('What can be done about it.'),
  whole: z.boolean().describe('The whole input is lost, not one expression of it.'),
});

export const upgradeSchema = z.strictObject({
  apiVersion: z.literal(RESULT_API_VERSION),
  kind: z.literal('UpgradeResult'),
  decision: z
    .enum(['go', 'no-go', 'undecided'])
    .describe('`undecided`: nothing speaks against it, but something could not be looked at.'),
  reasons: z.array(upgradeReason).describe('Why, the weightiest first.'),
  startedAt,
  durationMs: ms.describe('Milliseconds.'),
  environment,
  linkerd: versionChange('the proxies').describe('Null: it is not changed.'),
  prometheus: versionChange('Prometheus').describe('Null: it is not changed.'),
  scenarios: z.array(scenario),
  schema: schemaDifference.describe('What differs between what the proxies of both versions exposed.'),
  queries: z.array(query).describe('What becomes of the expressions that were given.'),
  problems: z.array(problem).describe('What was given and cannot be used.'),
  error: error.describe('Set when the upgrade was not tried to its end.'),
});

/** Compiles only while schema and type say the same. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
true satisfies Same<z.output<typeof upgradeSchema>, UpgradeResult>;

/** JSON Schema (draft 2020-12) of upgrade.json. */
export function upgradeJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(upgradeSchema, { io: 'input' });
  return {
    $schema,
    title: 'meshproof upgrade',
    description: 'The record of meshproof upgrade, results/<run>/upgrade.json.',
    ...rest,
  };
}
