import { z } from 'zod';
import { duration, fields, httpMethod, httpPath, serviceRef, size } from '../fields.ts';

/** Callers give up after it unless told otherwise. */
export const DEFAULT_CALL_TIMEOUT = '10s';

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

export const calls = z
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

export type CallsEntry = z.output<typeof calls>;
export type CallEntry = z.output<typeof call>;
