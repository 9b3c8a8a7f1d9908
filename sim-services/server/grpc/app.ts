import { epochMs } from '../../clock.ts';
import { encoded } from '../../ledger/encode.ts';
import { callerOf, OTHER_ROUTE, pathOf } from '../caller.ts';
import type { PodContext } from '../context.ts';
import { listenH2 } from '../http2/connection.ts';
import type { AppListener } from '../listener.ts';
import type { Router } from '../route.ts';
import { GrpcExchange, respondTrailersOnly, UNIMPLEMENTED } from './exchange.ts';
import { Messages } from './message.ts';

/**
 * The app listener of a pod that speaks gRPC. Over node:http2 and not a library of gRPC's: none lets its user leave out
 * trailers, reset a stream, or journal what it answers by itself (docs/adr/0008).
 */
export function createGrpcApp(pod: PodContext, router: Router): AppListener {
  const messages = new Messages();
  return listenH2((stream, headers, connection) => {
    const method = String(headers[':method']);
    const route = router.find(method, pathOf(String(headers[':path'])));
    if (route) {
      new GrpcExchange(pod, stream, headers, connection, route, messages).start();
      return;
    }
    const startMs = epochMs();
    const id = pod.journal.requestStarted(startMs, callerOf(headers), method, encoded(OTHER_ROUTE));
    const endMs = pod.journal.requestCompleted(id, 200, null, String(UNIMPLEMENTED));
    pod.metrics.outcome(OTHER_ROUTE, method, 200).count(endMs - startMs);
    respondTrailersOnly(pod, stream, UNIMPLEMENTED);
  });
}
