import { z } from 'zod';
import { dnsLabel, duration, fields, httpMethod, namespaceName, percent, serviceRef, whole } from '../fields.ts';
import { httpStatuses, pathRegex } from '../mesh-fields.ts';
import { grpcMatch, httpMatches } from './matches.ts';
import { retry, timeouts } from './retries.ts';

const backend = fields({
  service: serviceRef(),
  weight: whole(0, 1_000_000).default(1).describe('Its share is its weight among all; 0 gets nothing.'),
});
const backends = z.array(backend).min(1).max(16);

const common = {
  name: dnsLabel(),
  namespace: namespaceName().optional().describe("Default: its service's, which is the only one that it can have."),
  service: serviceRef().describe('Whose requests it routes.'),
  retry: retry.optional(),
  timeouts: timeouts.optional(),
};

const ruleBackends = backends.optional().describe('Who gets the requests; default: the service itself.');

const httpRoute = fields({
  kind: z.literal('HTTPRoute'),
  ...common,
  group: z
    .enum(['gateway.networking.k8s.io', 'policy.linkerd.io'])
    .default('gateway.networking.k8s.io')
    .describe('There are two APIs of this kind.'),
  rules: z
    .array(
      fields({
        matches: httpMatches.optional().describe('One of them; default: every request.'),
        backends: ruleBackends,
      }),
    )
    .min(1)
    .max(16)
    .optional()
    .describe('Default: one for every request.'),
}).describe(
  'Routes requests to a service by path, method and headers. What no rule matches is answered 404 by the proxy.',
);

const grpcRoute = fields({
  kind: z.literal('GRPCRoute'),
  ...common,
  rules: z
    .array(
      fields({
        matches: z.array(grpcMatch).min(1).max(8).optional().describe('One of them; default: every request.'),
        backends: ruleBackends,
      }),
    )
    .min(1)
    .max(16)
    .optional()
    .describe('Default: one for every request.'),
}).describe('Routes requests to a gRPC service by method and headers. HTTPRoutes of the service are not used then.');

const profileRoute = fields({
  name: z.string().min(1).max(100).describe('The label rt_route.'),
  method: httpMethod().optional().describe('Default: any.'),
  pathRegex: pathRegex().optional().describe('The whole path matches; default: any.'),
  retryable: z.boolean().default(false).describe('Failures are tried again, as far as the budget goes.'),
  timeout: duration({ min: 1 }).optional().describe('All attempts together.'),
  failures: z
    .array(httpStatuses([]))
    .min(1)
    .max(20)
    .optional()
    .describe('Statuses that are failures; default 500-599.'),
  successes: z
    .array(httpStatuses([]))
    .min(1)
    .max(20)
    .optional()
    .describe('Statuses that are none. Of two ranges with a status in both, the narrower one counts.'),
});

const serviceProfile = fields({
  kind: z.literal('ServiceProfile'),
  service: serviceRef(),
  routes: z.array(profileRoute).max(50).default([]),
  retryBudget: fields({
    ratio: percent().prefault('20%').describe('Retries beside the requests.'),
    minPerSecond: whole(0, 10_000).default(10).describe('Retries that are always allowed.'),
    ttl: duration({ min: 1000, max: 60_000 }).prefault('10s').describe('For how long requests count; 1s to 60s.'),
  }).optional(),
  split: backends.optional().describe('Who gets the requests, by weight.'),
}).describe('Routes and retries of a service as Linkerd had them first. It goes before HTTPRoutes and GRPCRoutes.');

export const routing = z.discriminatedUnion('kind', [httpRoute, grpcRoute, serviceProfile]);

export type RoutingEntry = z.output<typeof routing>;
export type BackendEntry = z.output<typeof backend>;
export type ProfileRouteEntry = z.output<typeof profileRoute>;
