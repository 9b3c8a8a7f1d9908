import type { IncomingMessage, ServerOptions } from 'node:http';

/** A proxy keeps connections and sets no limit on how long a request takes: those are the app's affair. */
export const HTTP1_OPTIONS: ServerOptions = {
  keepAliveTimeout: 0,
  headersTimeout: 0,
  requestTimeout: 0,
  connectionsCheckingInterval: 2 ** 30,
  maxHeaderSize: 64 * 1024,
  noDelay: true,
};

/** A length of 0 is no body, as in hyper. */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
