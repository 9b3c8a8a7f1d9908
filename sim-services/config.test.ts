import { expect, test } from 'vitest';
import { parseConfig, readConfig } from './config.ts';
import type { Distribution, RouteConfig, ServiceProcessConfig } from './contract.ts';
import { ServiceFailure } from './failure.ts';
import { aCall, aConfig, aRoute, aWorkload } from './testing/configs.ts';

const web = aWorkload('web', [aRoute({ steps: [[aCall(aWorkload('db', []))]] })]);
const VALID = aConfig(web);

function messageOf(config: unknown): string {
  try {
    parseConfig(config);
  } catch (error) {
    expect(error).toBeInstanceOf(ServiceFailure);
    expect(error).toMatchObject({ code: 'BAD_CONFIG', exitCode: 64 });
    return (error as Error).message;
  }
  throw new Error('was accepted');
}

function changed(change: (config: ServiceProcessConfig) => void): ServiceProcessConfig {
  const copy = structuredClone(VALID);
  change(copy);
  return copy;
}

const route = (changes: object) =>
  changed((c) => {
    c.workloads[0]!.routes[0] = { ...c.workloads[0]!.routes[0]!, ...changes } as RouteConfig;
  });
const tcp = (changes: object) =>
  changed((c) => {
    const plain = aRoute({ method: 'CONNECT', path: '/', ...changes } as Partial<RouteConfig>);
    Object.assign(c.workloads[0]!, { protocol: 'tcp', routes: [plain] });
  });
const pod = (changes: object) => changed((c) => Object.assign(c.workloads[0]!.pods[0]!, changes));
const latency = (distribution: unknown) => route({ latency: distribution as Distribution });

test('a configuration that uses everything is taken as it is', () => {
  const config = route({
    latency: {
      kind: 'bimodal',
      fast: { kind: 'lognormal', low: { q: 0.5, ms: 1 }, high: { q: 0.99, ms: 9 } },
      slow: {
        kind: 'empirical',
        quantiles: [
          { q: 0, ms: 1 },
          { q: 1, ms: 2 },
        ],
      },
      slowRate: 0.1,
    },
    errors: [
      { kind: 'status', status: 500, rate: 0.3 },
      { kind: 'hang', rate: 0.6 },
      { kind: 'reset', rate: 0.1, when: 'mid-body' },
    ],
  });
  config.workloads[0]!.timeline.push({ atMs: 0, untilMs: 5, path: '/x', method: null, change: { errors: [] } });
  expect(parseConfig(config)).toEqual(config);
});

const TCP = { protocol: 'tcp', routes: [aRoute({ method: 'CONNECT', path: '/' })] };

/** Each begins with the message that it must produce. */
const BAD: [message: string, config: unknown][] = [
  ['configuration: : Invalid input: expected object', null],
  ['workloads: ', { workloads: [] }],
  ['workloads[0]: Unrecognized key: "colour"', changed((c) => Object.assign(c.workloads[0]!, { colour: 1 }))],
  ['workloads[0].pods: ', changed((c) => c.workloads[0]!.pods.pop())],
  ['workloads[0].pods[0].listen.port: ', pod({ listen: { host: '127.0.0.1', port: 0 } })],
  ['workloads[0].pods[0].admin.port: ', pod({ admin: { host: '127.0.0.1', port: 65536 } })],
  ['workloads[0].pods[0].journalDir: is not a folder that exists', pod({ journalDir: '/nowhere/at/all' })],
  ['workloads[0].pods[0].admin: ', pod({ admin: web.pods[0]!.listen })],
  ['is used twice', changed((c) => c.workloads.push({ ...aWorkload('b', []), pods: [{ ...web.pods[0]!, pod: 'b' }] }))],
  ['is declared twice', changed((c) => c.workloads[0]!.pods.push(c.workloads[0]!.pods[0]!))],
  ['workloads[0].concurrency: ', changed((c) => Object.assign(c.workloads[0]!, { concurrency: 0 }))],
  [
    'workloads[0].concurrency: tcp has connections',
    changed((c) => Object.assign(c.workloads[0]!, { ...TCP, concurrency: 1 })),
  ],
  ['workloads[0].routes[1]: is declared twice', changed((c) => c.workloads[0]!.routes.push(aRoute()))],
  ['workloads[0].routes[0].path: an absolute path without query', route({ path: '/a?b' })],
  ['workloads[0].routes[0].path: is taken by', route({ path: '/readyz' })],
  ['workloads[0].routes[0].status: ', route({ status: 199 })],
  [
    'workloads[0].routes[0].errors: the rates add up to more than 1',
    route({
      errors: [
        { kind: 'hang', rate: 0.6 },
        { kind: 'hang', rate: 0.5 },
      ],
    }),
  ],
  ['workloads[0].routes[0].errors[0].rate: ', route({ errors: [{ kind: 'hang', rate: 1.5 }] })],
  ['workloads[0].routes[0].body.chunks: ', route({ body: { bytes: 1, chunks: 0, overMs: 0 } })],
  ['workloads[0].routes[0].body.bytes: ', route({ body: { bytes: 1e12, chunks: 1, overMs: 0 } })],
  ['workloads[0].routes[0].latency.ms: ', latency({ kind: 'constant', ms: -1 })],
  ['workloads[0].routes[0].latency: minMs is above maxMs', latency({ kind: 'uniform', minMs: 2, maxMs: 1 })],
  [
    'workloads[0].routes[0].latency: low must lie below high',
    latency({ kind: 'lognormal', low: { q: 0.9, ms: 1 }, high: { q: 0.5, ms: 9 } }),
  ],
  [
    'workloads[0].routes[0].latency.low.q: ',
    latency({ kind: 'lognormal', low: { q: 0, ms: 1 }, high: { q: 0.5, ms: 9 } }),
  ],
  [
    'workloads[0].routes[0].latency.quantiles: must ascend',
    latency({
      kind: 'empirical',
      quantiles: [
        { q: 0, ms: 5 },
        { q: 1, ms: 2 },
      ],
    }),
  ],
  [
    'workloads[0].routes[0].latency.quantiles: the first q must be 0',
    latency({
      kind: 'empirical',
      quantiles: [
        { q: 0.1, ms: 1 },
        { q: 1, ms: 2 },
      ],
    }),
  ],
  [
    'workloads[0].routes[0].latency.slow.ms: ',
    latency({ kind: 'bimodal', fast: { kind: 'constant', ms: 1 }, slow: { kind: 'constant' }, slowRate: 0.1 }),
  ],
  [
    'workloads[0].timeline[0]: no route matches any method /other',
    changed((c) => {
      c.workloads[0]!.timeline.push({ atMs: 0, untilMs: null, path: '/other', method: null, change: {} });
    }),
  ],
  [
    'workloads[0].timeline[0]: atMs must lie before untilMs',
    changed((c) => c.workloads[0]!.timeline.push({ atMs: 5, untilMs: 5, path: null, method: null, change: {} })),
  ],
  [
    'workloads[0].routes[0].errors: http has no error "grpc"',
    route({ errors: [{ kind: 'grpc', code: 14, rate: 0.1 }] }),
  ],
  [
    'workloads[0].timeline[0].change.errors: http has no error "no-trailers"',
    changed((c) => {
      const change = { errors: [{ kind: 'no-trailers' as const, rate: 0.1 }] };
      c.workloads[0]!.timeline.push({ atMs: 0, untilMs: null, path: null, method: null, change });
    }),
  ],
  [
    'workloads[0].routes[0].errors: tcp has no error "status"',
    tcp({ errors: [{ kind: 'status', status: 503, rate: 1 }] }),
  ],
  ['workloads[0].routes[0].method: of tcp is CONNECT', tcp({ method: 'GET' })],
  ['workloads[0].routes[0].method: of tcp is CONNECT, and the path /', tcp({ path: '/x' })],
  [
    'workloads[0].routes: tcp has one route',
    changed((c) => Object.assign(c.workloads[0]!, { protocol: 'tcp', routes: [] })),
  ],
  ['workloads[0].routes[0].method: is CONNECT, which http has not', route({ method: 'CONNECT' })],
  [
    'workloads[0].routes[0].method: of grpc is POST',
    changed((c) => Object.assign(c.workloads[0]!, { protocol: 'grpc' })),
  ],
  ['workloads[0].routes[0].informational: ', route({ informational: 101 })],
  ['workloads[0].routes[0].errors[0].code: ', route({ errors: [{ kind: 'grpc', code: 17, rate: 0.1 }] })],
  ['workloads[0].protocol: ', changed((c) => Object.assign(c.workloads[0]!, { protocol: 'udp' }))],
  ['workloads[0].pods[0].egressOf.a:80: ', pod({ egressOf: { 'a:80': [] } })],
];

test.each(BAD)('%s', (message, config) => {
  expect(messageOf(config)).toContain(message);
});

test('a file is named, and there', () => {
  expect(() => readConfig(undefined)).toThrow('MESHPROOF_SERVICE_CONFIG does not name a file');
  expect(() => readConfig('/nowhere.json')).toThrow('/nowhere.json: ENOENT');
});
