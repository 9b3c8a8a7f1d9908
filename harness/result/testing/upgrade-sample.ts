import type {
  LostRequest,
  PhaseResult,
  QueryVerdict,
  ScenarioUpgrade,
  UpgradePhase,
  UpgradeResult,
} from '../upgrade/types.ts';
import { sampleFlow, sampleResult } from './sample.ts';

/** An upgrade with something of everything: lost requests, a slow flow, a changed schema, broken queries, a bad file. */
export function sampleUpgrade(change: Partial<UpgradeResult> = {}): UpgradeResult {
  return {
    apiVersion: 'meshproof/v1',
    kind: 'UpgradeResult',
    decision: 'no-go',
    reasons: [
      { weight: 'warns', about: 'latency', text: 'shop/web -> shop/pay is slower at p99.', remedy: '' },
      {
        weight: 'blocks',
        about: 'query',
        text: '1 of 3 queries breaks: HighErrorRate of rules.yaml selects nothing any more.',
        remedy: 'replace it by the expression that stands with it',
      },
      { weight: 'blocks', about: 'lost-requests', text: '1 request was lost while pods were replaced.', remedy: '' },
    ],
    startedAt: '2026-01-02T03:04:05.000Z',
    durationMs: 252_000,
    environment: sampleResult().environment,
    linkerd: { from: '2.17', to: '2.18', fromFound: 'v2.268.0', toFound: 'v2.294.0' },
    prometheus: null,
    scenarios: [sampleScenarioUpgrade()],
    schema: {
      changes: [
        {
          kind: 'new',
          what: 'label',
          subject: 'srv_port of request_total{direction="inbound"}',
          before: '',
          after: '8080',
          reason: 'since proxy v2.286 (Linkerd 2.18)',
          guessed: false,
        },
        {
          kind: 'gone',
          what: 'label',
          subject: 'authority of request_total{direction="inbound"}',
          before: '*',
          after: '',
          reason: '`authority` is no longer on inbound series since proxy v2.277 (Linkerd 2.18)',
          guessed: false,
        },
        {
          kind: 'renamed',
          what: 'family',
          subject: 'old_total',
          before: 'old_total',
          after: 'new_total',
          reason: 'same type, labels and words',
          guessed: true,
        },
      ],
      seriesPerProxy: { before: 400, after: 500 },
      bytesPerScrape: { before: 100_000, after: 125_000 },
    },
    queries: [
      sampleQuery({ outcome: 'same', broken: false, place: 'rules.yaml:3 alert Fine', reason: '', rewrite: null }),
      sampleQuery(),
      sampleQuery({ outcome: 'same', broken: false, notExercised: true, reason: '', rewrite: null, place: 'gateway' }),
    ],
    problems: [
      {
        place: 'dash/broken.json',
        code: 'DASHBOARD_NOT_JSON',
        message: 'line 3: unexpected end',
        hint: 'export the dashboard again',
        whole: true,
      },
    ],
    ...change,
  };
}

export function sampleScenarioUpgrade(change: Partial<ScenarioUpgrade> = {}): ScenarioUpgrade {
  const lost: LostRequest = {
    atMs: 4210,
    source: 'shop/web',
    destination: 'shop/pay',
    route: '/charge',
    outcome: 'connection',
    status: 0,
    meanwhile: 'shop/pay-old was leaving',
  };
  return {
    name: 'baseline',
    runs: [samplePhase('before', 1), samplePhase('after', 1), samplePhase('before', 2), samplePhase('during', 1)],
    latency: [
      {
        source: 'shop/web',
        destination: 'shop/pay',
        quantile: 0.99,
        beforeMs: 12.1,
        afterMs: 14,
        differenceMs: 1.9,
        interval: { lowMs: 0.4, highMs: 3.4 },
        significant: true,
        samples: { before: 600, after: 600 },
      },
    ],
    lost: { made: 1234, lost: [lost], otherwise: 0, otherwiseMade: 2400 },
    rollout: [{ atMs: 4000, what: 'pod-gone', workload: 'shop/pay', pod: 'pay-old', version: 'v2.268.0' }],
    interleaved: true,
    ...change,
  };
}

export function samplePhase(phase: UpgradePhase, repeat: number, change: Partial<PhaseResult> = {}): PhaseResult {
  return {
    phase,
    repeat,
    dir: `${phase}-${repeat}`,
    verdict: 'pass',
    reasons: [],
    notes: [],
    flows: [sampleFlow({})],
    diagnoses: [],
    requests: 600,
    failed: 0,
    durationMs: 20_000,
    ...change,
  };
}

export function sampleQuery(change: Partial<QueryVerdict> = {}): QueryVerdict {
  return {
    place: 'rules.yaml:12 alert HighErrorRate',
    kind: 'alert',
    expr: 'sum(rate(response_total{direction="inbound",authority="pay"}[1m])) > 0.1',
    evaluated: 'sum(rate(response_total{direction="inbound",authority="pay"}[1m])) > 0.1',
    outcome: 'now-empty',
    notExercised: false,
    seen: '4 series before, none after',
    reason: '`authority` is no longer on inbound series since proxy v2.277 (Linkerd 2.18)',
    rewrite: { expr: 'sum(rate(response_total{direction="inbound",deployment="pay"}[1m])) > 0.1', checked: 'same' },
    broken: true,
    ...change,
  };
}
