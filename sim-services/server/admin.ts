import { Readable } from 'node:stream';
import { type FastifyInstance, fastify } from 'fastify';
import { epochMs } from '../clock.ts';
import { ADMIN_PATHS, APP_PATHS, type OriginRequest } from '../contract.ts';
import { readJournals } from '../ledger/read.ts';
import type { PodContext } from './context.ts';
import type { Origin } from './origin.ts';

/** The admin listener of a pod: truth, metrics, control. No part of the mesh, and not in the journal. */
export function createAdmin(pod: PodContext, origin: Origin, journalDir: string): FastifyInstance {
  const admin = fastify({
    logger: false,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    // A null would become 0, the year 1970.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  });

  admin.get(ADMIN_PATHS.truth, (_request, reply) => {
    reply.header('content-type', 'text/plain; charset=utf-8');
    return reply.send(Readable.from(readJournals(journalDir, pod.journal.file), { objectMode: false }));
  });

  admin.get(ADMIN_PATHS.metrics, async (_request, reply) => {
    reply.header('content-type', pod.metrics.contentType);
    return await pod.metrics.page();
  });

  admin.get(ADMIN_PATHS.clock, () => ({ nowEpochMs: epochMs() }));

  // For probes of apps that speak no HTTP/1.1.
  admin.get(APP_PATHS.health, () => 'ok\n');
  admin.get(APP_PATHS.ready, (_request, reply) => reply.code(pod.draining ? 503 : 200).send('\n'));

  admin.post<{ Body: OriginRequest }>(
    ADMIN_PATHS.origin,
    {
      schema: {
        body: {
          type: 'object',
          required: ['originEpochMs'],
          additionalProperties: false,
          properties: { originEpochMs: { type: 'number', minimum: 0 } },
        },
      },
    },
    (request, reply) => {
      origin.set(request.body.originEpochMs);
      return reply.code(204).send();
    },
  );
  return admin;
}
