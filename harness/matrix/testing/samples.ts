import type { Diagnosis } from '../../result/types.ts';
import { parseScenario } from '../../scenario/load.ts';
import type { FaultSpec, Scenario } from '../../scenario/model.ts';
import type { FaultsRecord, WorldRecord } from '../record.ts';
import { scoreOf } from '../score.ts';
import type { FaultCase } from '../types.ts';

export function smallScenario(): Scenario {
  return parseScenario(
    `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: small }
namespace: shop
services:
  - { name: web, calls: [{ service: cart }] }
  - { name: cart, replicas: 2, calls: [{ service: db }] }
  - { name: db }
traffic: [{ executor: constant-arrival-rate, target: web, rate: 20/s, duration: 6s }]
`,
    'small.yaml',
  );
}

export function withFault(scenario: Scenario, fault: FaultSpec): Scenario {
  return { ...scenario, faults: [...(scenario.faults ?? []), fault] };
}

/** Renames the admin port of a pod of cart that is drawn. */
export const RENAMED: FaultCase = {
  name: 'admin-port-renamed',
  cause: 'admin-port-renamed',
  inCluster: true,
  vary: (scenario, random) => {
    const [service, replica] = ['shop/cart', random.int(0, 1)];
    const fault = { type: 'admin-port-renamed', service, replica, params: { name: random.word() } } as const;
    return {
      scenario: withFault(scenario, { ...fault, atMs: null, untilMs: null }),
      expected: { cause: 'admin-port-renamed', pods: { of: 'services', pods: [{ service, replica }] } },
    };
  },
  addTo: (scenario, random) => RENAMED.vary(scenario, random),
};

/** Connections to the admin port of a pod of web or of cart are refused. */
export const REFUSED: FaultCase = {
  name: 'admin-refused',
  cause: 'admin-port-refused',
  vary: (scenario, random) => {
    const [service, replica] = [random.pick(['shop/web', 'shop/cart']), 0];
    return {
      scenario: withFault(scenario, { type: 'admin-refused', service, replica, atMs: 2000, untilMs: null, params: {} }),
      expected: { cause: 'admin-port-refused', pods: { of: 'services', pods: [{ service, replica }] } },
    };
  },
  addTo: (scenario, random) => REFUSED.vary(scenario, random),
};

/** Can't be put into another world. */
export const ALONE: FaultCase = {
  name: 'no-direction-filter',
  cause: 'no-direction-filter',
  vary: (scenario) => ({ scenario, expected: { cause: 'no-direction-filter', pods: { of: 'none' } } }),
};

export function sampleDiagnosis(change: Partial<Diagnosis>): Diagnosis {
  return {
    causes: ['admin-port-renamed'],
    title: 'The admin port is called otherwise',
    kind: 'fault',
    pods: ['shop/cart-0'],
    subject: 'metrics',
    summary: 'the port linkerd-admin of shop/cart-0 is called metrics',
    evidence: ['Prometheus dropped the target: container port name metrics'],
    remedy: ['rename it'],
    ...change,
  };
}

export function sampleWorld(change: Partial<WorldRecord>): WorldRecord {
  return {
    name: 'admin-port-renamed',
    kind: 'fault',
    cases: ['admin-port-renamed'],
    repetition: 1,
    seed: 7,
    injected: ['admin-port-renamed shop/cart 0, name: metrics'],
    expected: [{ cause: 'admin-port-renamed', pods: ['shop/cart-0'] }],
    diagnosed: [{ causes: ['admin-port-renamed'], pods: ['shop/cart-0'], subject: 'metrics', summary: 'as it is' }],
    outcome: 'right',
    why: '',
    faultToDiagnosisMs: 9300,
    diagnosingMs: 310,
    durationMs: 12_000,
    ...change,
  };
}

/** One world of each outcome, a pair, and clean ones. */
export function sampleRecord(): FaultsRecord {
  const clean: Partial<WorldRecord> = { kind: 'clean', cases: [], injected: [], expected: [], diagnosed: [] };
  const refused = { causes: ['admin-port-refused'], pods: ['shop/web-0'], subject: '', summary: 'nobody listens' };
  const { expected, diagnosed } = sampleWorld({});
  const worlds = [
    sampleWorld({}),
    sampleWorld({
      name: 'admin-refused',
      cases: ['admin-refused'],
      injected: ['admin-refused shop/web 0, at 2s'],
      expected: [{ cause: 'admin-port-refused', pods: ['shop/web-0'] }],
      diagnosed: [],
      outcome: 'wrong',
      why: 'admin-port-refused was not named',
      faultToDiagnosisMs: 7100,
    }),
    sampleWorld({
      name: 'pair-1',
      kind: 'pair',
      cases: ['admin-port-renamed', 'admin-refused'],
      injected: ['admin-port-renamed shop/cart 0, name: metrics', 'admin-refused shop/web 0, at 2s'],
      expected: [...expected, { cause: 'admin-port-refused', pods: ['shop/web-0'] }],
      diagnosed: [...diagnosed, refused],
    }),
    sampleWorld({ ...clean, name: 'clean-1' }),
    sampleWorld({
      ...clean,
      name: 'clean-2',
      outcome: 'error',
      why: 'CHILD_DIED: prometheus: exit code 1',
      faultToDiagnosisMs: null,
      diagnosingMs: null,
      error: { code: 'CHILD_DIED', message: 'prometheus: exit code 1', hint: 'see its log' },
    }),
  ];
  return {
    apiVersion: 'meshproof/v1',
    kind: 'FaultsResult',
    verdict: 'fail',
    startedAt: '2026-01-02T03:04:05.000Z',
    durationMs: 48_210,
    seed: 1,
    repeat: 1,
    parallel: 2,
    environment: {
      name: 'local',
      mesh: { kind: 'simulated', version: 'edge-26.8.3', proxyVersion: 'v2.366.0' },
      tools: [{ name: 'k6', version: 'v1.8.1', path: '/usr/local/bin/k6', source: 'PATH' }],
      node: 'v24.0.0',
      platform: 'linux x64',
    },
    planned: 5,
    score: scoreOf(worlds),
    worlds,
  };
}
