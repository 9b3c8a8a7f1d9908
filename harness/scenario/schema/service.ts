import { z } from 'zod';
import { dnsLabel, fields, httpMethod, httpPath, namespaceName, whole } from '../fields.ts';
import { DEFAULT_POLICIES, labelKey, labelValue, PROTOCOLS, port, protoFile } from '../mesh-fields.ts';
import { errors, response } from './behaviour.ts';
import { calls } from './calls.ts';
import { latency } from './latency.ts';
import { failureAccrual, retry, timeouts } from './retries.ts';

const route = fields({
  path: httpPath().describe('Of gRPC the method, `/package.Service/Method`.'),
  method: httpMethod().optional().describe('Default: every method. Not for gRPC.'),
  latency: latency.optional(),
  errors: errors.optional(),
  response: response.optional(),
  calls: calls.optional(),
});

export const service = fields({
  name: dnsLabel().describe('Also the name of its Deployment.'),
  namespace: namespaceName().optional().describe('Default: the namespace of the scenario.'),
  replicas: whole(1, 20).default(1),
  port: whole(1, 65_535).default(80).describe('Port of the Service.'),
  appPort: whole(1024, 65_535)
    .refine((port) => port < 4140 || port > 4191, { error: '4140 to 4191 belong to the proxy\nchoose another port' })
    .default(8080)
    .describe('Port that the app listens on.'),
  protocol: z
    .enum(PROTOCOLS)
    .optional()
    .describe('What it speaks. http is HTTP/1.1 and the default; http2 is HTTP/2 without TLS, known beforehand.'),
  proto: protoFile()
    .optional()
    .describe(
      'The .proto of a gRPC service, beside the scenario. Default: one with meshproof.v1.Echo/Unary and /Stream.',
    ),
  serverSpeaksFirst: z.boolean().optional().describe('TCP: it greets before the client says anything.'),
  concurrency: whole(1, 10_000)
    .optional()
    .describe('Requests that each pod handles at the same time; further ones wait in line. Default: any number.'),
  opaque: z
    .boolean()
    .optional()
    .describe("Without protocol detection, or with it. Default: by Linkerd's list of ports (25, 3306, 5432, ...)."),
  skipInbound: z.boolean().optional().describe("Its port bypasses its pods' proxies."),
  skipOutbound: z
    .array(port())
    .min(1)
    .max(20)
    .optional()
    .describe('Ports of services that its pods reach without their proxies.'),
  defaultPolicy: z
    .enum(DEFAULT_POLICIES)
    .optional()
    .describe('What its proxies let in where no Server says; default all-unauthenticated.'),
  retry: retry.optional(),
  timeouts: timeouts.optional(),
  failureAccrual: failureAccrual.optional(),
  serviceAccount: dnsLabel().optional().describe("Its mesh identity. Default: the service's name."),
  labels: z.record(labelKey(), labelValue()).default({}).describe('Further labels of the pods.'),
  latency: latency.optional(),
  errors: errors.optional(),
  response: response.optional(),
  calls: calls.optional(),
  routes: z
    .array(route)
    .min(1)
    .max(50)
    .optional()
    .describe('Default: one route `/` for every method; of gRPC every method of the .proto.'),
}).describe('A service. Its latency, errors, response and calls are the defaults of its routes.');

export type ServiceEntry = z.output<typeof service>;
export type RouteEntry = z.output<typeof route>;
