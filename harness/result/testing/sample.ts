import type { BoundResult, Diagnosis, FlowResult, Result, ScenarioResult } from '../types.ts';

/** A result with one scenario of each verdict: for tests, and as the example in results/README.md. */
export function sampleResult(): Result {
  return {
    apiVersion: 'meshproof/v1',
    kind: 'Result',
    verdict: 'fail',
    startedAt: '2026-01-02T03:04:05.000Z',
    durationMs: 48_210,
    environment: {
      name: 'local',
      mesh: { kind: 'simulated', version: '2.20', proxyVersion: 'v2.359.0' },
      tools: [
        { name: 'k6', version: 'v1.8.1', path: '/usr/local/bin/k6', source: 'PATH' },
        { name: 'prometheus', version: '3.15.0', path: '/usr/local/bin/prometheus', source: 'PATH' },
      ],
      node: 'v24.0.0',
      platform: 'linux x64',
    },
    steps: [],
    scenarios: [passingScenario(), failingScenario(), inconclusiveScenario()],
  };
}

const ORDER = 'the proxy counts a response before its caller has read it, and after its callee has completed it';

export function passingScenario(): ScenarioResult {
  return {
    name: 'baseline-chain',
    description: 'Three services in a row.',
    file: 'scenarios/baseline-chain.yaml',
    seed: 7,
    verdict: 'pass',
    reasons: [],
    notes: [],
    startedAt: '2026-01-02T03:04:05.000Z',
    durationMs: 16_004,
    phases: [
      { name: 'start', durationMs: 2100 },
      { name: 'traffic', durationMs: 10_000 },
      { name: 'last scrape', durationMs: 3100 },
      { name: 'verdict', durationMs: 804 },
    ],
    steps: [
      { name: 'mesh', detail: '6 sidecars', durationMs: 610 },
      { name: 'prometheus', detail: '3.15.0', durationMs: 380 },
    ],
    traffic: { requests: 1200, failed: 0, droppedIterations: 0, ratePerSecond: 120 },
    clockMarginMs: 1,
    flows: [sampleFlow({})],
    quantiles: [
      {
        destination: 'shop/web',
        source: 'meshproof/load',
        direction: 'inbound',
        quantile: 0.99,
        truthMs: 48.2,
        observedMs: 49.1,
        lowMs: 41,
        highMs: 51,
        verdict: 'pass',
      },
    ],
    slo: [{ flow: '* -> shop/web', condition: 'successRate >= 99%', truth: 1, observed: 1, verdict: 'pass' }],
    queries: [
      {
        tool: 'linkerd viz stat',
        subject: 'deploy/web',
        metric: 'rate',
        expr: 'sum(increase(response_total{namespace="shop",deployment="web",direction="inbound"}[1m]))',
        value: 118.2,
        truth: 120,
        why: 'increase() extrapolates over a window that traffic did not fill',
      },
    ],
    checks: [{ family: 'response_total', ledger: 'prometheus', comparisons: 80, violations: 0 }],
  };
}

export function failingScenario(): ScenarioResult {
  return {
    ...passingScenario(),
    name: 'error-burst',
    description: 'One arm of a diamond fails for ten seconds.',
    file: 'scenarios/error-burst.yaml',
    verdict: 'fail',
    reasons: [
      {
        code: 'NOT_EQUAL_AT_END',
        verdict: 'fail',
        message:
          'response_total of shop/web -> shop/pay, status 500, inbound: Prometheus has 297 at the end, the truth is 300',
      },
    ],
    flows: [
      sampleFlow({}),
      sampleFlow({
        source: 'shop/web',
        destination: 'shop/pay',
        status: '500',
        truth: 300,
        proxy: 300,
        prometheus: 297,
        verdict: 'fail',
        truthByRoute: { 'POST /charge': 300 },
        bounds: [
          sampleBound({ violations: 1, worst: { t: 1_767_323_060_000, low: 300, value: 297, high: 300 } }),
          sampleBound({ ledger: 'proxy', worst: { t: 1_767_323_060_000, low: 300, value: 300, high: 300 } }),
        ],
      }),
    ],
    checks: [{ family: 'response_total', ledger: 'prometheus', comparisons: 80, violations: 1 }],
    diagnoses: [sampleDiagnosis()],
  };
}

export function sampleDiagnosis(change: Partial<Diagnosis> = {}): Diagnosis {
  return {
    causes: ['admin-port-dropped'],
    title: 'Packets to the admin port are dropped',
    kind: 'fault',
    pods: ['shop/pay-7c5d9-k2x4z'],
    subject: 'linkerd-proxy',
    summary: '10.1.2.3:4191 of shop/pay-7c5d9-k2x4z has answered no scrape since 03:04:12',
    evidence: [
      'Prometheus, targets: last error of http://10.1.2.3:4191/metrics: context deadline exceeded',
      'the page, fetched directly: no connection within 5 s',
    ],
    remedy: ['look for a NetworkPolicy that keeps Prometheus from port 4191', 'look at the firewall of the node'],
    ...change,
  };
}

export function inconclusiveScenario(): ScenarioResult {
  return {
    ...passingScenario(),
    name: 'spike',
    description: 'Ten times the load for two seconds.',
    file: 'scenarios/spike.yaml',
    verdict: 'inconclusive',
    reasons: [
      {
        code: 'DROPPED_ITERATIONS',
        verdict: 'inconclusive',
        message: 'k6 could not start 14 of 4,000 iterations: the load asked for was not the load made',
      },
    ],
    notes: ['shop/web-5c9d8f7b6-x2x4z, incarnation 0: 3 requests died after its last scrape'],
    traffic: { requests: 3986, failed: 2, droppedIterations: 14, ratePerSecond: 398.6 },
    flows: [sampleFlow({ truth: 3986, proxy: 3983, prometheus: 3983, unobservable: 3 })],
    quantiles: [
      {
        destination: 'shop/web',
        source: 'meshproof/load',
        direction: 'inbound',
        quantile: 0.99,
        truthMs: 61_000,
        observedMs: null,
        lowMs: 60_000,
        highMs: Number.POSITIVE_INFINITY,
        verdict: 'inconclusive',
      },
    ],
  };
}

export function sampleFlow(change: Partial<FlowResult>): FlowResult {
  return {
    source: 'meshproof/load',
    destination: 'shop/web',
    route: 'default',
    protocol: 'http',
    status: '200',
    direction: 'inbound',
    truth: 1200,
    proxy: 1200,
    prometheus: 1200,
    unobservable: 0,
    verdict: 'pass',
    truthByRoute: { 'GET /checkout': 1200 },
    bounds: [sampleBound({})],
    ...change,
  };
}

export function sampleBound(change: Partial<BoundResult>): BoundResult {
  return {
    family: 'response_total',
    ledger: 'prometheus',
    samples: 8,
    violations: 0,
    worst: { t: 1_767_323_050_000, low: 611, value: 613, high: 613 },
    reason: ORDER,
    ...change,
  };
}
