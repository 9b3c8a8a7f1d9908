import type { z } from 'zod';
import { duration, fields, httpMethod, httpPath, serviceRef, whole } from '../fields.ts';
import { bodyFields, errors } from './behaviour.ts';
import { latency } from './latency.ts';

export const change = fields({
  at: duration().describe('When it begins.'),
  for: duration({ min: 1 }).optional().describe('Default: to the end.'),
  service: serviceRef(),
  route: httpPath().optional().describe('Default: every route of the service.'),
  method: httpMethod().optional().describe('Of the route.'),
  latency: latency.optional(),
  errors: errors.optional(),
  response: fields(bodyFields).optional().describe('What is answered from then on; what is not named stays.'),
}).describe('A change of behaviour for a while.');

export const restart = fields({
  at: duration({ min: 1 }),
  service: serviceRef(),
  replica: whole(0, 19).default(0),
  down: duration({ min: 10, max: 60_000 }).prefault('1s').describe('How long until the pod is back.'),
}).describe('Kill a pod with its sidecar; it comes back with its counters at zero.');

export type ChangeEntry = z.output<typeof change>;
