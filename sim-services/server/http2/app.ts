import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { epochMs } from '../../clock.ts';
import { APP_PATHS } from '../../contract.ts';
import { encoded } from '../../ledger/encode.ts';
import { NO_CODE } from '../../ledger/journal.ts';
import { callerOf, NOBODY, OTHER_ROUTE, pathOf } from '../caller.ts';
import type { PodContext } from '../context.ts';
import type { AppListener } from '../listener.ts';
import type { Router } from '../route.ts';
import { listenH2 } from './connection.ts';
import { answerText, H2Exchange } from './exchange.ts';

/** The app listener of a pod that speaks HTTP/2. */
export function createH2App(pod: PodContext, router: Router): AppListener {
  return listenH2((stream, headers, connection) => {
    const path = pathOf(String(headers[':path']));
    if (path === APP_PATHS.health) return answerAtOnce(pod, stream, headers, NOBODY, path, 200);
    if (path === APP_PATHS.ready) return answerAtOnce(pod, stream, headers, NOBODY, path, pod.draining ? 503 : 200);
    const route = router.find(String(headers[':method']), path);
    if (!route) return answerAtOnce(pod, stream, headers, callerOf(headers), OTHER_ROUTE, 404);
    new H2Exchange(pod, stream, headers, connection, route).start();
  });
}

/** Answers without behaviour: probes and unknown paths. */
function answerAtOnce(
  pod: PodContext,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  caller: string,
  route: string,
  status: number,
): void {
  const method = String(headers[':method']);
  const startMs = epochMs();
  const id = pod.journal.requestStarted(startMs, caller, method, encoded(route));
  const endMs = pod.journal.requestCompleted(id, status, null, NO_CODE);
  pod.metrics.outcome(route, method, status).count(endMs - startMs);
  answerText(pod, stream, method, status);
}
