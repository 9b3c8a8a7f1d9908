import { z } from 'zod';
import { dnsLabel, fields, namespaceName, rate, serviceRef } from '../fields.ts';
import { cidr, DEFAULT_POLICIES, policyRef } from '../mesh-fields.ts';
import { httpMatches } from './matches.ts';

const name = dnsLabel();
const ofServer = policyRef('app').describe('Name of a Server.');

const server = fields({
  kind: z.literal('Server'),
  name,
  namespace: namespaceName().optional().describe("Default: its service's, or else the scenario's."),
  service: serviceRef().optional().describe('Whose pods it selects; default: all of the namespace.'),
  port: z.enum(['app', 'admin']).default('app').describe("The app's port, or the proxy's 4191, where its metrics are."),
  protocol: z
    .enum(['unknown', 'HTTP/1', 'HTTP/2', 'gRPC', 'opaque', 'TLS'])
    .default('unknown')
    .describe('What is spoken; unknown is found out by detection.'),
  accessPolicy: z
    .enum(DEFAULT_POLICIES)
    .default('deny')
    .describe('Who may, beside those that an AuthorizationPolicy lets in; default deny: nobody.'),
}).describe('A port of pods that is guarded.');

const route = fields({
  kind: z.literal('HTTPRoute'),
  name,
  server: ofServer,
  matches: httpMatches.optional().describe('One of them; default: every request.'),
}).describe('Some of the requests to a Server. What none of its HTTPRoutes matches is answered 404.');

const authorization = fields({
  kind: z.literal('AuthorizationPolicy'),
  name,
  namespace: namespaceName()
    .optional()
    .describe("Without `server` and `route`: it is for every Server of this namespace; default: the scenario's."),
  server: ofServer.optional(),
  route: policyRef('reads').optional().describe('Name of an HTTPRoute under `policies`.'),
  clients: z
    .union([
      z.literal('*'),
      z
        .array(serviceRef(['web', 'load', 'prometheus']))
        .min(1)
        .max(50),
    ])
    .optional()
    .describe('Services whose identities are let in; `load` is the load generator; `*` is everyone in the mesh.'),
  networks: z.array(cidr()).min(1).max(20).optional().describe('Addresses that are let in.'),
}).describe('Who may make requests. With clients and networks both must hold.');

const limit = (of: string) =>
  rate({ positive: true }).optional().describe(`Requests per second ${of}; a whole number.`);

const rateLimit = fields({
  kind: z.literal('RateLimit'),
  name,
  server: ofServer,
  total: limit('together'),
  identity: limit('of each client'),
}).describe('An HTTPLocalRateLimitPolicy: what is above it each proxy answers with 429.');

export const policy = z.discriminatedUnion('kind', [server, route, authorization, rateLimit]);

export type PolicyEntry = z.output<typeof policy>;
