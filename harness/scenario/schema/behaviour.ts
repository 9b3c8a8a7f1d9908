import { z } from 'zod';
import { GRPC_CODES } from '../../core/outcome.ts';
import { duration, fields, percent, size, whole } from '../fields.ts';

/** Names of what gRPC calls an error. */
const GRPC_ERRORS = GRPC_CODES.slice(1);
/** With the headers that are there anyway it stays below 16 KiB, which is what HTTP/2 peers accept by default. */
const MAX_HEADER_BYTES = 12 * 1024;

const errorRule = z.union([
  fields({ status: whole(400, 599).describe('The answer instead of the usual one.'), rate: percent() }),
  fields({ hang: z.literal(true).describe('Never answer; ends when the caller gives up.'), rate: percent() }),
  fields({
    reset: z.enum(['before-headers', 'mid-body']).describe('Cut the connection, before or after the headers.'),
    rate: percent(),
  }),
  fields({
    close: z.literal(true).describe('Close the connection in order, without an answer, as an app does that crashes.'),
    rate: percent(),
  }),
  fields({
    grpc: z
      .union([z.enum(GRPC_ERRORS), whole(1, 16)])
      .describe('gRPC: the status to end with, its name or number.')
      .meta({ examples: ['UNAVAILABLE', 14] }),
    rate: percent(),
  }),
  fields({
    noTrailers: z.literal(true).describe('gRPC: end without trailers, after the first message.'),
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

export const headerBytes = () => size(MAX_HEADER_BYTES).optional().describe('Size of a further header; 12KiB at most.');

export const response = fields({
  status: whole(200, 599).optional().describe('Status of an answer that is no error; default 200.'),
  ...bodyFields,
  headerBytes: headerBytes(),
  informational: z.literal([100, 102, 103]).optional().describe('An informational answer that goes before.'),
  chunked: z.boolean().optional().describe('Do not announce the length of the body; default false.'),
}).meta({ id: 'Response', description: 'What is answered.', examples: [{ size: '64KiB', chunks: 8, over: '400ms' }] });

export type ErrorEntry = z.output<typeof errorRule>;
export type ResponseEntry = z.output<typeof response>;
