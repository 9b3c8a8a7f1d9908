import { z } from 'zod';
import { duration, fields, percent } from '../fields.ts';

const condition = (example: string) =>
  z
    .string()
    .max(60)
    .meta({ pattern: '^\\s*(>=|<=|>|<)\\s*\\d', examples: [example] })
    .optional();

const flow = z
  .string()
  .max(300)
  .describe('source -> destination; each a service or `*`. `load` is the load generator.')
  .meta({ examples: ['* -> web', 'web -> cart'] });

export const slo = fields({
  flow,
  successRate: condition('>= 99%').describe('Answers below 500, as Linkerd counts.'),
  p50: condition('<= 20ms'),
  p90: condition('<= 50ms'),
  p95: condition('<= 100ms'),
  p99: condition('<= 500ms'),
  rate: condition('>= 40/s').describe('Requests per second.'),
});

export const query = fields({
  expr: z
    .string()
    .min(1)
    .max(2000)
    .describe('PromQL, evaluated as traffic ends; it has one value.')
    .meta({ examples: ['sum(rate(request_total{direction="inbound"}[10s]))'] }),
  metric: z
    .enum(['rate', 'requests', 'successRate', 'p50', 'p90', 'p95', 'p99'])
    .describe('What it is taken for: requests per second, their number, the share that succeeds, or milliseconds.'),
  flow,
  over: duration({ min: 1 })
    .optional()
    .describe('The time of which it is taken to speak, back from the end of traffic; default: all of it.'),
  within: percent().prefault('5%').describe('How far off it may be, of the truth.'),
}).describe('A query as people write it, and what they take it for.');

export type QueryEntry = z.output<typeof query>;
export type SloEntry = z.output<typeof slo>;
