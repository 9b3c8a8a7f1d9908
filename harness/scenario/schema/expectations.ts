import { z } from 'zod';
import { fields } from '../fields.ts';

const condition = (example: string) =>
  z
    .string()
    .max(60)
    .meta({ pattern: '^\\s*(>=|<=|>|<)\\s*\\d', examples: [example] })
    .optional();

export const slo = fields({
  flow: z
    .string()
    .max(300)
    .describe('source -> destination; each a service or `*`. `load` is the load generator.')
    .meta({ examples: ['* -> web', 'web -> cart'] }),
  successRate: condition('>= 99%').describe('Answers below 500, as Linkerd counts.'),
  p50: condition('<= 20ms'),
  p90: condition('<= 50ms'),
  p95: condition('<= 100ms'),
  p99: condition('<= 500ms'),
  rate: condition('>= 40/s').describe('Requests per second.'),
});

export type SloEntry = z.output<typeof slo>;
