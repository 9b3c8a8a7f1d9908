import type { RequestShape } from '../../../core/policy.ts';
import { headerValue, type RequestHead } from '../headers.ts';

/** A request as routes match it. */
export function shapeOf(head: RequestHead): RequestShape {
  const query = head.path.indexOf('?');
  return {
    method: head.method,
    path: query < 0 ? head.path : head.path.slice(0, query),
    header: (name) => (name === 'host' ? head.authority : headerValue(head.headers, name)),
  };
}

/** By its content type, as linkerd2-proxy tells it. */
export function isGrpcRequest(head: RequestHead): boolean {
  return headerValue(head.headers, 'content-type')?.startsWith('application/grpc') ?? false;
}
