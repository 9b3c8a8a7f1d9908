import { z } from 'zod';
import { UNIT_PATTERNS } from '../core/units.ts';
import {
  dnsLabel,
  duration,
  fields,
  httpMethod,
  httpPath,
  namespaceName,
  percent,
  rate,
  serviceRef,
  size,
  whole,
} from './fields.ts';

export const API_VERSION = 'meshproof/v1';
export const KIND = 'Scenario';
export const DEFAULT_MESH_VERSION = 'edge-26.8.3';
/** k6 and callers give up after it unless told otherwise. */
export const DEFAULT_CALL_TIMEOUT = '10s';
export const DEFAULT_REQUEST_TIMEOUT = '15s';

const handlerTime = () => duration({ max: 300_000, examples: ['8ms', '500us'] });

/** `p50: 8ms` and the like beside `distribution`; which quantiles there may be is checked when they are read. */
const quantiles = (distribution: 'lognormal' | 'empirical', description: string, example: Record<string, string>) =>
  z
    .object({ distribution: z.literal(distribution) })
    .catchall(handlerTime())
    .meta({
      description,
      examples: [{ distribution, ...example }],
      patternProperties: {
        '^p(\\d{1,2}(\\.\\d+)?|100)$': {
          description: 'A quantile; `p99: 60ms` means that 99 % take 60 ms or less.',
          type: 'string',
          pattern: UNIT_PATTERNS.duration,
        },
      },
      additionalProperties: false,
    });

const simpleDistributions = [
  fields({ distribution: z.literal('constant'), value: handlerTime() }).describe('Always the same; `8ms` for short.'),
  fields({ distribution: z.literal('uniform'), min: handlerTime(), max: handlerTime() }).describe(
    'Anything between the two alike.',
  ),
  fields({ distribution: z.literal('normal'), mean: handlerTime(), stddev: handlerTime() }).describe(
    'A bell curve; what would be negative becomes 0.',
  ),
  quantiles('lognormal', 'A long tail, given by any two quantiles.', { p50: '8ms', p99: '60ms' }),
  quantiles('empirical', 'As measured somewhere: from p0 to p100, linear between.', {
    p0: '1ms',
    p50: '8ms',
    p99: '60ms',
    p100: '200ms',
  }),
] as const;

const simpleLatency = z
  .union([handlerTime(), z.discriminatedUnion('distribution', [...simpleDistributions])])
  .meta({ id: 'SimpleLatency' });

const latency = z
  .union([
    handlerTime(),
    z.discriminatedUnion('distribution', [
      ...simpleDistributions,
      fields({
        distribution: z.literal('bimodal'),
        fast: simpleLatency,
        slow: simpleLatency,
        slowRate: percent().describe('How many requests are slow.'),
      }).describe('Two groups of requests, as with a cache that sometimes misses.'),
    ]),
  ])
  .meta({
    id: 'Latency',
    description: 'How long a handler takes before the first body byte, apart from the calls it makes.',
    examples: ['8ms', { distribution: 'lognormal', p50: '8ms', p99: '60ms' }],
  });

const errorRule = z.union([
  fields({ status: whole(400, 599).describe('The answer instead of the usual one.'), rate: percent() }),
  fields({ hang: z.literal(true).describe('Never answer; ends when the caller gives up.'), rate: percent() }),
  fields({
    reset: z.enum(['before-headers', 'mid-body']).describe('Cut the connection, before or after the headers.'),
    rate: percent(),
  }),
]);

const errors = z
  .array(errorRule)
  .max(20)
  .meta({
    id: 'Errors',
    description: 'Ways to fail; at most one applies to a request, so the rates add up to 100 % at most.',
    examples: [[{ status: 503, rate: '2%' }], [{ hang: true, rate: '1%' }]],
  });

const bodyFields = {
  size: size().optional().describe('Size of the body; default 64B, nothing for 204 and 304.'),
  chunks: whole(1, 1000).optional().describe('In how many pieces the body is written; default 1.'),
  over: duration({ max: 300_000 }).optional().describe('From the first piece to the last; default 0s.'),
};

const response = fields({
  status: whole(200, 599).optional().describe('Status of an answer that is no error; default 200.'),
  ...bodyFields,
}).meta({ id: 'Response', description: 'What is answered.', examples: [{ size: '64KiB', chunks: 8, over: '400ms' }] });

const call = fields({
  service: serviceRef().describe('Whom to call; a short name is looked up in the same namespace first.'),
  path: httpPath().prefault('/'),
  method: httpMethod().default('GET'),
  timeout: z
    .union([z.literal('never'), duration({ min: 1 })])
    .prefault(DEFAULT_CALL_TIMEOUT)
    .describe('The caller gives up after this long; or `never`.'),
  size: size().optional().describe('Size of the request body; not with GET or HEAD.'),
  onFailure: z
    .enum(['propagate', 'ignore'])
    .default('propagate')
    .describe('When the call fails: fail as well (propagate), or answer as if nothing happened (ignore).'),
});

const calls = z
  .array(
    z.union([
      call,
      fields({ parallel: z.array(call).min(1).max(50).describe('Calls that are made at the same time.') }),
    ]),
  )
  .max(50)
  .meta({
    id: 'Calls',
    description: 'Calls to other services, one after the other, before the answer.',
    examples: [[{ service: 'cart', path: '/items' }], [{ parallel: [{ service: 'cart' }, { service: 'pay' }] }]],
  });

const route = fields({
  path: httpPath(),
  method: httpMethod().optional().describe('Default: every method.'),
  latency: latency.optional(),
  errors: errors.optional(),
  response: response.optional(),
  calls: calls.optional(),
});

const labelKey = z.string().regex(/^([a-z0-9.-]{1,200}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, {
  error: 'this is not a label name\nletters, digits, `-`, `_` and `.`, as in `team` or `example.com/team`',
});

const service = fields({
  name: dnsLabel().describe('Also the name of its Deployment.'),
  namespace: namespaceName().optional().describe('Default: the namespace of the scenario.'),
  replicas: whole(1, 20).default(1),
  port: whole(1, 65_535).default(80).describe('Port of the Service.'),
  appPort: whole(1024, 65_535)
    .refine((port) => port < 4140 || port > 4191, { error: '4140 to 4191 belong to the proxy\nchoose another port' })
    .default(8080)
    .describe('Port that the app listens on.'),
  serviceAccount: dnsLabel().optional().describe("Its mesh identity. Default: the service's name."),
  labels: z
    .record(
      labelKey,
      z.string().regex(/^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/, {
        error: 'this is not a label value\nletters, digits, `-`, `_` and `.`, 63 at most',
      }),
    )
    .default({})
    .describe('Further labels of the pods.'),
  latency: latency.optional(),
  errors: errors.optional(),
  response: response.optional(),
  calls: calls.optional(),
  routes: z.array(route).min(1).max(50).optional().describe('Default: one route `/` for every method.'),
}).describe('A service. Its latency, errors, response and calls are the defaults of its routes.');

const requestFields = {
  target: z
    .string()
    .min(1)
    .max(400)
    .describe('[namespace/]service[/path], as in `web/checkout`.')
    .meta({ examples: ['web/checkout', 'shop/web/checkout'] }),
  method: httpMethod().default('GET'),
  size: size().optional().describe('Size of the request body; not with GET or HEAD.'),
  timeout: duration({ min: 1, max: 300_000 })
    .prefault(DEFAULT_REQUEST_TIMEOUT)
    .describe('The load generator gives up after this long.'),
};

const streamFields = {
  name: dnsLabel().optional().describe('Default: the executor with a number.'),
  start: duration().prefault('0s').describe('When it begins.'),
  ...requestFields,
  target: requestFields.target.optional(),
  requests: z
    .array(fields({ ...requestFields, weight: whole(1, 1000).default(1).describe('How often, beside the others.') }))
    .min(1)
    .max(50)
    .optional()
    .describe('Several targets, chosen by weight; in place of `target`.'),
};

const streamTime = () => duration({ min: 500, examples: ['10s'] });
const maxVUs = whole(1, 2000)
  .optional()
  .describe('Most requests at a time. Default: derived from the rate and from how long the target takes.');

const stream = z.discriminatedUnion('executor', [
  fields({
    executor: z.literal('constant-arrival-rate'),
    ...streamFields,
    rate: rate({ positive: true }),
    duration: streamTime(),
    maxVUs,
  }).describe('So many requests per second, however long they take.'),
  fields({
    executor: z.literal('ramping-arrival-rate'),
    ...streamFields,
    startRate: rate().prefault('0/s'),
    stages: z
      .array(fields({ rate: rate().describe('Reached at the end of the stage.'), duration: duration({ min: 100 }) }))
      .min(1)
      .max(50),
    maxVUs,
  }).describe('A rate that rises and falls linearly from stage to stage.'),
  fields({
    executor: z.literal('spike'),
    ...streamFields,
    base: rate().describe('Rate before and after.'),
    peak: rate({ positive: true }),
    duration: streamTime().describe('All of it; the peak is in the middle.'),
    hold: duration().optional().describe('How long the peak lasts; default a fifth of the duration.'),
    ramp: duration().optional().describe('How long the rise takes, and the fall; default a twentieth of the duration.'),
    maxVUs,
  }).describe('A base rate with one peak in the middle.'),
  fields({
    executor: z.literal('constant-vus'),
    ...streamFields,
    vus: whole(1, 1000),
    duration: streamTime(),
  }).describe('So many users, each with one request after the other.'),
]);

const change = fields({
  at: duration().describe('When it begins.'),
  for: duration({ min: 1 }).optional().describe('Default: to the end.'),
  service: serviceRef(),
  route: httpPath().optional().describe('Default: every route of the service.'),
  method: httpMethod().optional().describe('Of the route.'),
  latency: latency.optional(),
  errors: errors.optional(),
  response: fields(bodyFields).optional().describe('What is answered from then on; what is not named stays.'),
}).describe('A change of behaviour for a while.');

const restart = fields({
  at: duration({ min: 1 }),
  service: serviceRef(),
  replica: whole(0, 19).default(0),
  down: duration({ min: 10, max: 60_000 }).prefault('1s').describe('How long until the pod is back.'),
}).describe('Kill a pod with its sidecar; it comes back with its counters at zero.');

const condition = (example: string) =>
  z
    .string()
    .max(60)
    .meta({ pattern: '^\\s*(>=|<=|>|<)\\s*\\d', examples: [example] })
    .optional();

const slo = fields({
  flow: z
    .string()
    .max(300)
    .describe('source -> destination; each a service or `*`. `load` is the load generator.')
    .meta({ examples: ['* -> web', 'web -> cart'] }),
  successRate: condition('>= 99%').describe('Answers below 500, as Linkerd counts.'),
  p50: condition('<= 20ms'),
  p90: condition('<= 50ms'),
  p95: condition('<= 100ms'),
  p99: condition('<= 500ms'),
  rate: condition('>= 40/s').describe('Requests per second.'),
});

/** The file as users write it; what comes out has numbers in milliseconds, requests per second, ratios and bytes. */
export const scenarioFile = fields({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(KIND),
  metadata: fields({
    name: dnsLabel(),
    description: z.string().max(2000).default('').describe('What it shows, and what to look at.'),
  }),
  namespace: namespaceName().default('default').describe('Of services that name none.'),
  seed: whole(0, 2 ** 32 - 1)
    .default(1)
    .describe('Everything random comes from it.'),
  mesh: fields({
    version: z
      .string()
      .min(1)
      .max(40)
      .default(DEFAULT_MESH_VERSION)
      .describe('A version of Linkerd or of its proxy. Quote it: `2.20` without quotes is the number 2.2.')
      .meta({ examples: ['2.20', 'edge-26.8.3', 'v2.366.0'] }),
    scrapeInterval: duration({ min: 500, max: 60_000 }).prefault('2s').describe("Prometheus' interval; 500ms to 60s."),
    probeInterval: duration({ min: 500, max: 60_000 }).prefault('10s').describe("The kubelet's probes; 500ms to 60s."),
  }).prefault({}),
  services: z.array(service).max(50).meta({ minItems: 1 }),
  traffic: z.array(stream).max(20).meta({ minItems: 1 }),
  timeline: z.array(change).max(100).default([]),
  restarts: z.array(restart).max(20).default([]),
  expect: fields({
    golden: fields({
      everyFlow: z.boolean().default(true).describe('The golden metrics of every flow must match the truth.'),
    }).prefault({}),
    slo: z.array(slo).max(50).default([]),
    idle: z.array(serviceRef()).max(50).default([]).describe('Services that must report no traffic.'),
  }).prefault({}),
}).describe('A meshproof scenario: services in a mesh, traffic, and what must hold.');

export type ScenarioFile = z.output<typeof scenarioFile>;
export type ServiceEntry = ScenarioFile['services'][number];
export type RouteEntry = NonNullable<ServiceEntry['routes']>[number];
export type LatencyEntry = z.output<typeof latency>;
export type ErrorEntry = z.output<typeof errorRule>;
export type ResponseEntry = z.output<typeof response>;
export type CallsEntry = z.output<typeof calls>;
export type CallEntry = z.output<typeof call>;
export type StreamEntry = z.output<typeof stream>;
export type ChangeEntry = z.output<typeof change>;
export type SloEntry = z.output<typeof slo>;
