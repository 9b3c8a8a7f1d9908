import fc from 'fast-check';
import type { QueryOutcome, ScenarioUpgrade, UpgradeResult } from '../upgrade/types.ts';
import {
  arbitraryResult,
  count,
  diagnosis,
  error,
  few,
  flow,
  instant,
  nullable,
  number,
  positive,
  text,
  verdict,
} from './arbitrary.ts';

/** Any upgrade that the type allows: for property tests of readers and reports. */
const phase = fc.constantFrom('before', 'during', 'after');
const outcome = fc.constantFrom<QueryOutcome[]>(
  'same',
  'same-within-noise',
  'now-empty',
  'newly-non-empty',
  'different-labels',
  'different-values',
  'error',
);
const change = fc.record({ from: text, to: text, fromFound: text, toFound: text });
const pair = fc.record({ before: positive, after: positive });

const scenario: fc.Arbitrary<ScenarioUpgrade> = fc.record({
  name: text,
  runs: few(
    fc.record({
      phase,
      repeat: count,
      dir: text,
      verdict,
      reasons: few(fc.record({ code: text, verdict: fc.constantFrom('fail', 'inconclusive'), message: text })),
      notes: few(text),
      flows: few(flow),
      diagnoses: few(diagnosis),
      requests: count,
      failed: count,
      durationMs: positive,
      error,
    }),
  ),
  latency: few(
    fc.record({
      source: text,
      destination: text,
      quantile: fc.constantFrom(0.5, 0.95, 0.99),
      beforeMs: positive,
      afterMs: positive,
      differenceMs: number,
      interval: nullable(fc.record({ lowMs: number, highMs: number })),
      significant: fc.boolean(),
      samples: fc.record({ before: count, after: count }),
    }),
  ),
  lost: fc.record({
    made: count,
    lost: few(
      fc.record({
        atMs: positive,
        source: text,
        destination: text,
        route: text,
        outcome: text,
        status: count,
        meanwhile: text,
      }),
    ),
    otherwise: count,
    otherwiseMade: count,
  }),
  rollout: few(
    fc.record({
      atMs: positive,
      what: fc.constantFrom('control-plane', 'pod-started', 'pod-ready', 'pod-leaving', 'pod-gone'),
      workload: text,
      pod: text,
      version: text,
    }),
  ),
  interleaved: fc.boolean(),
});

export const arbitraryUpgrade: fc.Arbitrary<UpgradeResult> = fc.record({
  apiVersion: fc.constant('meshproof/v1'),
  kind: fc.constant('UpgradeResult'),
  decision: fc.constantFrom('go', 'no-go', 'undecided'),
  reasons: few(
    fc.record({
      weight: fc.constantFrom('blocks', 'open', 'warns'),
      about: fc.constantFrom('verdict', 'lost-requests', 'latency', 'query', 'schema', 'targets', 'input', 'run'),
      text,
      remedy: text,
    }),
  ),
  startedAt: instant,
  durationMs: positive,
  environment: arbitraryResult.map(({ environment }) => environment),
  linkerd: nullable(change),
  prometheus: nullable(change),
  scenarios: few(scenario),
  schema: fc.record({
    changes: few(
      fc.record({
        kind: fc.constantFrom('gone', 'new', 'renamed', 'changed'),
        what: fc.constantFrom(
          'family',
          'label',
          'label-value',
          'buckets',
          'type',
          'unit',
          'help',
          'targets',
          'page',
          'meaning',
        ),
        subject: text,
        before: text,
        after: text,
        reason: text,
        guessed: fc.boolean(),
      }),
    ),
    seriesPerProxy: pair,
    bytesPerScrape: pair,
  }),
  queries: few(
    fc.record({
      place: text,
      kind: fc.constantFrom('alert', 'recording', 'panel', 'expression'),
      expr: text,
      evaluated: text,
      outcome,
      notExercised: fc.boolean(),
      seen: text,
      reason: text,
      rewrite: nullable(fc.record({ expr: text, checked: outcome })),
      broken: fc.boolean(),
    }),
  ),
  problems: few(fc.record({ place: text, code: text, message: text, hint: text, whole: fc.boolean() })),
  error,
});
