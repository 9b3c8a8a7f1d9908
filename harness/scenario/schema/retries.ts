import { z } from 'zod';
import { duration, fields, percent, whole } from '../fields.ts';
import { GRPC_RETRY_CODES, httpStatuses } from '../mesh-fields.ts';

/** Annotations of Linkerd are whole milliseconds. */
const time = () => duration({ min: 1, max: 3_600_000, examples: ['200ms', '2s'] });

export const retry = fields({
  http: z
    .array(httpStatuses(['5xx', 'gateway-error']))
    .min(1)
    .max(20)
    .optional()
    .describe('Statuses that are tried again.'),
  grpc: z
    .array(z.enum(GRPC_RETRY_CODES))
    .min(1)
    .max(5)
    .optional()
    .describe('Of a GRPCRoute: codes that are tried again.'),
  limit: whole(1, 10).default(1).describe('How often, after the first attempt.'),
  timeout: time().optional().describe('An attempt that has no answer after this long is given up and tried again.'),
}).meta({
  id: 'Retry',
  description: 'Annotations retry.linkerd.io/*.',
  examples: [{ http: ['5xx'], limit: 2, timeout: '200ms' }],
});

export const timeouts = fields({
  request: time().optional().describe('From the request to the end of the answer, all attempts together.'),
  response: time().optional().describe('From the end of the request to the end of the answer.'),
  idle: time().optional().describe('Without a byte in either direction.'),
}).meta({ id: 'Timeouts', description: 'Annotations timeout.linkerd.io/*.', examples: [{ request: '500ms' }] });

export const failureAccrual = fields({
  maxFailures: whole(1, 1000).default(7).describe('So many failures in a row take an endpoint out.'),
  minPenalty: time().prefault('1s').describe('How long, at first.'),
  maxPenalty: time().prefault('1m').describe('How long at most, when it fails again and again.'),
  jitter: percent().prefault('50%').describe('By how much the penalty varies.'),
}).meta({
  id: 'FailureAccrual',
  description: 'Annotations balancer.linkerd.io/failure-accrual*: an endpoint that fails gets no requests for a while.',
  examples: [{ maxFailures: 3, minPenalty: '1s' }],
});

export type RetryEntry = z.output<typeof retry>;
export type TimeoutsEntry = z.output<typeof timeouts>;
export type FailureAccrualEntry = z.output<typeof failureAccrual>;
