import { z } from 'zod';
import { duration, fields, percent, size, whole } from '../fields.ts';

const errorRule = z.union([
  fields({ status: whole(400, 599).describe('The answer instead of the usual one.'), rate: percent() }),
  fields({ hang: z.literal(true).describe('Never answer; ends when the caller gives up.'), rate: percent() }),
  fields({
    reset: z.enum(['before-headers', 'mid-body']).describe('Cut the connection, before or after the headers.'),
    rate: percent(),
  }),
]);

export const errors = z
  .array(errorRule)
  .max(20)
  .meta({
    id: 'Errors',
    description: 'Ways to fail; at most one applies to a request, so the rates add up to 100 % at most.',
    examples: [[{ status: 503, rate: '2%' }], [{ hang: true, rate: '1%' }]],
  });

export const bodyFields = {
  size: size().optional().describe('Size of the body; default 64B, nothing for 204 and 304.'),
  chunks: whole(1, 1000).optional().describe('In how many pieces the body is written; default 1.'),
  over: duration({ max: 300_000 }).optional().describe('From the first piece to the last; default 0s.'),
};

export const response = fields({
  status: whole(200, 599).optional().describe('Status of an answer that is no error; default 200.'),
  ...bodyFields,
}).meta({ id: 'Response', description: 'What is answered.', examples: [{ size: '64KiB', chunks: 8, over: '400ms' }] });

export type ErrorEntry = z.output<typeof errorRule>;
export type ResponseEntry = z.output<typeof response>;
