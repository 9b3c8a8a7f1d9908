import { z } from 'zod';
import { dnsLabel, fields, httpMethod, httpPath, namespaceName, whole } from '../fields.ts';
import { errors, response } from './behaviour.ts';
import { calls } from './calls.ts';
import { latency } from './latency.ts';

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

export const service = fields({
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

export type ServiceEntry = z.output<typeof service>;
export type RouteEntry = z.output<typeof route>;
