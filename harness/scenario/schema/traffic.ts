import { z } from 'zod';
import { dnsLabel, duration, fields, httpMethod, rate, size, whole } from '../fields.ts';
import { headerBytes } from './behaviour.ts';

/** k6 gives up after it unless told otherwise. */
export const DEFAULT_REQUEST_TIMEOUT = '15s';

const requestFields = {
  target: z
    .string()
    .min(1)
    .max(400)
    .describe('[namespace/]service[/path], as in `web/checkout`; of gRPC with the method as path.')
    .meta({ examples: ['web/checkout', 'shop/web/checkout', 'pay/meshproof.v1.Echo/Unary'] }),
  method: httpMethod().optional().describe('Default GET. Not for gRPC.'),
  size: size().optional().describe('Size of the request body; not with GET or HEAD.'),
  timeout: duration({ min: 1, max: 300_000 })
    .prefault(DEFAULT_REQUEST_TIMEOUT)
    .describe('The load generator gives up after this long.'),
  headerBytes: headerBytes(),
  connection: z
    .enum(['keep', 'close'])
    .optional()
    .describe('Use the connection again (keep, the default), or make one for each request (close).'),
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

export const stream = z.discriminatedUnion('executor', [
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

export type StreamEntry = z.output<typeof stream>;
