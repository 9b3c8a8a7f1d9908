import { z } from 'zod';
import { UNIT_PATTERNS } from '../../core/units.ts';
import { duration, fields, percent } from '../fields.ts';

const handlerTime = () => duration({ max: 300_000, examples: ['8ms', '500us'] });

/** `p50: 8ms` and the like beside `distribution`; which quantiles there may be is checked when they are read. */
const quantiles = (distribution: 'lognormal' | 'empirical', description: string, example: Record<string, string>) =>
  z
    .object({ distribution: z.literal(distribution) })
    .catchall(handlerTime())
    .meta({
      description,
      examples: [{ distribution, ...example }],
      patternProperties: {
        '^p(\\d{1,2}(\\.\\d+)?|100)$': {
          description: 'A quantile; `p99: 60ms` means that 99 % take 60 ms or less.',
          type: 'string',
          pattern: UNIT_PATTERNS.duration,
        },
      },
      additionalProperties: false,
    });

const simpleDistributions = [
  fields({ distribution: z.literal('constant'), value: handlerTime() }).describe('Always the same; `8ms` for short.'),
  fields({ distribution: z.literal('uniform'), min: handlerTime(), max: handlerTime() }).describe(
    'Anything between the two alike.',
  ),
  fields({ distribution: z.literal('normal'), mean: handlerTime(), stddev: handlerTime() }).describe(
    'A bell curve; what would be negative becomes 0.',
  ),
  quantiles('lognormal', 'A long tail, given by any two quantiles.', { p50: '8ms', p99: '60ms' }),
  quantiles('empirical', 'As measured somewhere: from p0 to p100, linear between.', {
    p0: '1ms',
    p50: '8ms',
    p99: '60ms',
    p100: '200ms',
  }),
] as const;

const simpleLatency = z
  .union([handlerTime(), z.discriminatedUnion('distribution', [...simpleDistributions])])
  .meta({ id: 'SimpleLatency' });

export const latency = z
  .union([
    handlerTime(),
    z.discriminatedUnion('distribution', [
      ...simpleDistributions,
      fields({
        distribution: z.literal('bimodal'),
        fast: simpleLatency,
        slow: simpleLatency,
        slowRate: percent().describe('How many requests are slow.'),
      }).describe('Two groups of requests, as with a cache that sometimes misses.'),
    ]),
  ])
  .meta({
    id: 'Latency',
    description: 'How long a handler takes before the first body byte, apart from the calls it makes.',
    examples: ['8ms', { distribution: 'lognormal', p50: '8ms', p99: '60ms' }],
  });

export type LatencyEntry = z.output<typeof latency>;
