import type {
  CapacityPoint,
  CapacityResult,
  CapacitySide,
  Machine,
  ScrapePoint,
  ScrapeResult,
} from '../bench/types.ts';

/** Records of benchmarks for tests; every field has a value that a real one could have. */

export const sampleMachine: Machine = {
  platform: 'linux x64',
  cpu: 'Some CPU @ 2.60GHz',
  cores: 2,
  memoryBytes: 24 * 2 ** 30,
  node: 'v24.1.0',
};

export function sampleCapacityPoint(change: Partial<CapacityPoint> = {}): CapacityPoint {
  return {
    index: 1,
    step: 'bracket',
    dir: 'points/001-meshed-50',
    offeredPerSecond: 50,
    achievedPerSecond: 49.8,
    sustained: true,
    why: [],
    requests: 500,
    failed: 0,
    droppedIterations: 0,
    successRate: 1,
    latencyMs: { p50: 51.2, p95: 53, p99: 58.4, max: 71 },
    usage: [
      { part: 'app', cores: 0.05, cpuSecondsPer1000Requests: 1.0, residentBytes: 90e6 },
      { part: 'proxy', cores: 0.21, cpuSecondsPer1000Requests: 4.2, residentBytes: 120e6 },
    ],
    verdict: 'pass',
    reasons: [],
    diagnoses: [],
    ...change,
  };
}

export function sampleCapacitySide(change: Partial<CapacitySide> = {}): CapacitySide {
  return {
    side: 'meshed',
    capacity: { value: 79.8, low: 78.1, high: 81.6, level: 0.95 },
    converged: true,
    stopped: 'the interval is 2.2% wide on each side, after 12 points',
    limitedBy: 'p99 <= 250 ms',
    points: [
      sampleCapacityPoint(),
      sampleCapacityPoint({
        index: 2,
        dir: 'points/002-meshed-100',
        offeredPerSecond: 100,
        achievedPerSecond: 80.1,
        sustained: false,
        why: ['p99 is 1,240 ms, more than 250 ms'],
        latencyMs: { p50: 610, p95: 1190, p99: 1240, max: 1260 },
      }),
      sampleCapacityPoint({
        index: 3,
        step: 'bisect',
        dir: 'points/003-meshed-75',
        offeredPerSecond: 75,
        sustained: null,
        why: ['the telemetry was wrong: COUNT_MISMATCH'],
        verdict: 'fail',
      }),
    ],
    ...change,
  };
}

export function sampleCapacity(change: Partial<CapacityResult> = {}): CapacityResult {
  return {
    apiVersion: 'meshproof/v1',
    kind: 'CapacityResult',
    startedAt: '2026-01-02T03:04:05.000Z',
    durationMs: 312_000,
    machine: sampleMachine,
    environment: { name: 'local', mesh: { kind: 'simulated', version: '2.20', proxyVersion: 'v2.359.0' } },
    tools: [{ name: 'k6', version: 'v1.8.1' }],
    scenario: 'throttled',
    seed: 7,
    objectives: { p50Ms: null, p95Ms: null, p99Ms: 250, successRate: 0.99 },
    of: '*',
    sides: [
      sampleCapacitySide(),
      sampleCapacitySide({
        side: 'unmeshed',
        capacity: { value: 80.1, low: 78.4, high: 82, level: 0.95 },
        points: [sampleCapacityPoint({ index: 4, verdict: null, usage: [] })],
      }),
    ],
    price: {
      text: 'with the mesh 79.8/s instead of 80.1/s; it adds 1.2 ms to p99',
      capacityRatio: { value: 0.996, low: 0.97, high: 1.02, level: 0.95 },
      atPerSecond: 50,
      addedLatencyMs: { p50: 0.6, p95: 0.9, p99: 1.2 },
      appCpu: { meshed: 1, unmeshed: 0.9 },
      proxyCpu: 4.2,
      appBytes: { meshed: 90e6, unmeshed: 88e6 },
      proxyBytes: 120e6,
    },
    ...change,
  };
}

export function sampleScrapePoint(change: Partial<ScrapePoint> = {}): ScrapePoint {
  return {
    settings: { targets: 100, series: 1000, intervalMs: 5000, version: '2.20', churn: 0, gzip: true, heldOut: false },
    seriesPerTarget: 1003,
    edgesPerTarget: 2,
    bytesPerPage: 205_000,
    bytesOnWire: 14_000,
    seconds: 30,
    prometheus: {
      cpuSeconds: 2.4,
      samples: 601_800,
      scrapes: 600,
      headSeries: 100_800,
      residentBytes: 610e6,
      residentBytesMax: 640e6,
      heapBytes: 390e6,
      cpuMicrosPerSample: 3.99,
      residentBytesPerSeries: 6050,
      blockBytesPerSample: 1.9,
      walBytesPerSample: 5.2,
    },
    scrapeDurationMs: { p50: 8.1, p99: 21.5, max: 40.2 },
    missed: { scrapes: 0, targets: 0, examples: [] },
    rejected: { out_of_order: 0 },
    generator: {
      cpuSeconds: 0.4,
      samplesPerCpuSecond: 1_500_000,
      pageMicros: { p50: 610, p99: 1200 },
      residentBytes: 160e6,
    },
    ...change,
  };
}

export function sampleScrape(change: Partial<ScrapeResult> = {}): ScrapeResult {
  const first = sampleScrapePoint();
  const second = sampleScrapePoint({ settings: { ...first.settings, targets: 200, heldOut: true } });
  return {
    apiVersion: 'meshproof/v1',
    kind: 'ScrapeResult',
    startedAt: '2026-01-02T03:04:05.000Z',
    durationMs: 95_000,
    machine: sampleMachine,
    prometheus: { version: '3.15.0', args: ['--web.enable-admin-api'] },
    plan: { seed: 1, secondsPerPoint: 30, points: [first.settings, second.settings] },
    points: [first, second],
    model: {
      quantities: [
        {
          name: 'cpu',
          unit: 'cores',
          terms: [
            { name: 'samples per second', coefficient: 3.6e-6, unit: 'cores' },
            { name: '1', coefficient: 0.012, unit: 'cores' },
          ],
          residuals: [
            { point: 0, measured: 0.08, predicted: 0.079, relative: -0.0125, heldOut: false },
            { point: 1, measured: 0.16, predicted: 0.152, relative: -0.05, heldOut: true },
          ],
          rms: 0.0125,
          worstHeldOut: 0.05,
          range: { series: [100_300, 100_300] },
        },
      ],
    },
    predictions: [
      {
        asked: { pods: 5000, edges: 8, intervalMs: 10_000, version: '2.20', churn: 0 },
        seriesPerPod: 2600,
        samplesPerSecond: 1_300_000,
        cpuCores: { value: 4.7, low: 4.2, high: 5.2, level: 0.95 },
        memoryBytes: { value: 7.2e10, low: 6.5e10, high: 7.9e10, level: 0.95 },
        diskBytesPerDay: { value: 2.1e11, low: 1.9e11, high: 2.3e11, level: 0.95 },
        scrapeDurationMs: { value: 21, low: 18, high: 30, level: 0.95 },
        missed: [{ targets: 'about half of all scrapes', why: 'it needs 4.7 cores, and there are 2' }],
        extrapolates: ['13,000,000 series; measured up to 200,600'],
      },
    ],
    accuracy: [
      {
        intervalMs: 60_000,
        metric: 'rate',
        traffic: 'steady',
        windowMs: 60_000,
        expr: 'sum(rate(response_total[1m]))',
        evaluations: 50,
        empty: 50,
        error: null,
      },
      {
        intervalMs: 10_000,
        metric: 'success-rate',
        traffic: 'failures for 30 s',
        windowMs: 60_000,
        expr: 'sum(rate(response_total{classification="success"}[1m])) / sum(rate(response_total[1m]))',
        evaluations: 50,
        empty: 0,
        error: { bias: -0.0021, p50: 0.004, p95: 0.012, worst: 0.031 },
      },
    ],
    families: [
      {
        family: 'response_latency_ms',
        seriesPerTarget: 240,
        share: 0.24,
        cpuCores: 0.08,
        memoryBytes: 1.4e9,
        neededBy: ['p99 by deployment'],
        drop: 'metric_relabel_configs:\n  - source_labels: [__name__]\n    regex: response_latency_ms(_bucket|_sum|_count)?\n    action: drop\n',
        loses: 'latency of responses',
      },
      {
        family: 'tcp_close_total',
        seriesPerTarget: 40,
        share: 0.04,
        cpuCores: null,
        memoryBytes: null,
        neededBy: [],
        drop: 'metric_relabel_configs:\n  - source_labels: [__name__]\n    regex: tcp_close_total\n    action: drop\n',
        loses: 'how connections end',
      },
    ],
    ...change,
  };
}
