import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { type FastifyInstance, fastify } from 'fastify';
import { epochMs } from '../clock.ts';
import { APP_PATHS } from '../contract.ts';
import { encoded } from '../ledger/encode.ts';
import { NO_CODE } from '../ledger/journal.ts';
import { hasNoBody } from './answers.ts';
import { callerOf, NOBODY, OTHER_ROUTE, pathOf } from './caller.ts';
import type { PodContext } from './context.ts';
import { Exchange } from './exchange.ts';
import { HEADER_SECTION_BYTES } from './limits.ts';
import type { AppListener } from './listener.ts';
import type { Router } from './route.ts';

interface Response extends ServerResponse {
  exchange?: Exchange;
}

/**
 * The app listener of a pod that speaks HTTP/1.1. Fastify keeps the listener; requests leave its pipeline at the first hook, because each of
 * them, malformed ones too, must pass through the journal, and because its body parsing would refuse some on its own.
 */
export function createApp(pod: PodContext, router: Router): AppListener {
  const handle = (req: IncomingMessage, res: ServerResponse) => receive(pod, router, req, res);
  const app = fastify({
    logger: false,
    http: { maxHeaderSize: HEADER_SECTION_BYTES },
    requestTimeout: 0,
    connectionTimeout: 0,
    return503OnClosing: false,
    exposeHeadRoutes: false,
    frameworkErrors: (_error, request, reply) => {
      reply.hijack();
      handle(request.raw, reply.raw);
    },
  });
  app.addHook('onRequest', (request, reply) => {
    reply.hijack();
    handle(request.raw, reply.raw);
  });
  app.setNotFoundHandler(() => {});
  // Callers decide how long a connection is kept: ours ending first would lose requests under way. (Fastify's own option
  // cannot say never.)
  app.server.keepAliveTimeout = 0;
  return listenerOf(app);
}

function listenerOf(app: FastifyInstance): AppListener {
  return {
    async listen(at) {
      await app.listen(at);
      return (app.server.address() as AddressInfo).port;
    },
    // The HTTP server's own close() would also cut connections whose answer is still being sent (it takes them for idle
    // once end() has been called).
    refuse: () => NetServer.prototype.close.call(app.server),
    cut: () => app.server.closeAllConnections(),
    close: () => app.close(),
  };
}

function receive(pod: PodContext, router: Router, req: IncomingMessage, res: ServerResponse): void {
  if (hasBody(req)) {
    req.on('end', () => serve(pod, router, req, res));
    req.resume();
  } else {
    serve(pod, router, req, res);
  }
}

function serve(pod: PodContext, router: Router, req: IncomingMessage, res: Response): void {
  if (req.socket.destroyed) return;
  const path = pathOf(req.url!);
  if (path === APP_PATHS.health) {
    answerAtOnce(pod, req, res, NOBODY, path, 200);
    return;
  }
  if (path === APP_PATHS.ready) {
    answerAtOnce(pod, req, res, NOBODY, path, pod.draining ? 503 : 200);
    return;
  }
  const caller = callerOf(req.headers);
  const route = router.find(req.method!, path);
  if (!route) {
    answerAtOnce(pod, req, res, caller, OTHER_ROUTE, 404);
    return;
  }
  const exchange = new Exchange(pod, req, res, caller, route);
  res.exchange = exchange;
  res.on('close', onClose);
  exchange.start();
}

function onClose(this: Response): void {
  this.exchange?.responseClosed();
}

/** Answers without behaviour: probes and unknown paths. Nothing can come between their two lines in the journal. */
function answerAtOnce(
  pod: PodContext,
  req: IncomingMessage,
  res: ServerResponse,
  caller: string,
  route: string,
  status: number,
): void {
  const method = req.method!;
  const startMs = epochMs();
  const id = pod.journal.requestStarted(startMs, caller, method, encoded(route));
  const endMs = pod.journal.requestCompleted(id, status, null, NO_CODE);
  pod.metrics.outcome(route, method, status).count(endMs - startMs);
  const { headers, text } = pod.answers.textOf(status);
  res.writeHead(status, pod.draining ? [...headers, 'connection', 'close'] : headers);
  res.end(hasNoBody(method, status) ? undefined : text, 'latin1');
}

function hasBody(req: IncomingMessage): boolean {
  const length = req.headers['content-length'];
  return (length !== undefined && length !== '0') || req.headers['transfer-encoding'] !== undefined;
}
