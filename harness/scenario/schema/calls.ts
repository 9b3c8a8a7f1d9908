import { z } from 'zod';
import { duration, fields, httpMethod, httpPath, serviceRef, size, whole } from '../fields.ts';
import { headerBytes } from './behaviour.ts';

/** Callers give up after it unless told otherwise. */
export const DEFAULT_CALL_TIMEOUT = '10s';

const call = fields({
  service: serviceRef().describe('Whom to call; a short name is looked up in the same namespace first.'),
  path: httpPath().optional().describe('Default /. Of gRPC the method, `/package.Service/Method`. Not for TCP.'),
  method: httpMethod().optional().describe('Default GET. Not for gRPC and TCP.'),
  timeout: z
    .union([z.literal('never'), duration({ min: 1 })])
    .prefault(DEFAULT_CALL_TIMEOUT)
    .describe('The caller gives up after this long; or `never`.'),
  size: size()
    .optional()
    .describe('Size of the request body; not with GET or HEAD. TCP: of each request; default 64B.'),
  chunks: whole(1, 1000).optional().describe('In how many pieces the request body is written; default 1.'),
  over: duration({ max: 300_000 }).optional().describe('From the first piece of the request body to the last.'),
  headerBytes: headerBytes(),
  connection: z
    .enum(['keep', 'close'])
    .optional()
    .describe('Use the connection again (keep, the default), or make one for each call (close).'),
  cancelAfterMessages: whole(1, 1000).optional().describe('gRPC streams: give up when so many messages have come.'),
  exchanges: whole(1, 10_000).optional().describe('TCP: requests and answers on the one connection; default 1.'),
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
