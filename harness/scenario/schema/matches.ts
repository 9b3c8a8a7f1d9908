import { z } from 'zod';
import { fields, httpMethod, httpPath } from '../fields.ts';
import { headerName, headerValue, pathRegex } from '../mesh-fields.ts';

const headers = z
  .record(headerName(), headerValue())
  .default({})
  .describe('All of them, with exactly these values; `x-meshproof-caller` names the caller.')
  .meta({ examples: [{ 'x-meshproof-caller': 'shop/web' }] });

export const httpMatch = fields({
  path: httpPath().optional().describe('Exactly this path.'),
  prefix: httpPath().optional().describe('This path and everything below it.'),
  pathRegex: pathRegex().optional().describe('The whole path matches.'),
  method: httpMethod().optional().describe('Default: any.'),
  headers,
}).describe('Everything that is named must hold; of `path`, `prefix` and `pathRegex` at most one.');

export const grpcMatch = fields({
  service: z
    .string()
    .max(200)
    .regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, {
      error: 'this is no service of a .proto\nwrite it with its package, as in `meshproof.v1.Echo`',
    })
    .optional()
    .describe('With its package, as in `meshproof.v1.Echo`.'),
  method: z
    .string()
    .max(200)
    .regex(/^[A-Za-z_]\w*$/, { error: 'this is no method of a .proto\nwrite its name alone, as in `Unary`' })
    .optional()
    .describe('Default: every method of the service.'),
  headers,
}).describe('Everything that is named must hold.');

export const httpMatches = z.array(httpMatch).min(1).max(8);

export type HttpMatchEntry = z.output<typeof httpMatch>;
export type GrpcMatchEntry = z.output<typeof grpcMatch>;
