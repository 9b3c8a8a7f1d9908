import http2, { type Http2ServerResponse } from 'node:http2';
import { badRequest, type Status } from './status.ts';

/** A response of HTTP/2; over HTTP/1.1 it is node:http's, which has the same methods but no stream. */
export type Response = Http2ServerResponse;

/** Only JSON is spoken; clients that ask for protobuf accept it as well. */
export function acceptsJson(accept: string | undefined): boolean {
  if (!accept) return true;
  return accept.split(',').some((part) => /^\s*(?:application\/json|application\/\*|\*\/\*)\s*(?:;|$)/.test(part));
}

export function sendJson(response: Response, code: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

export function sendText(response: Response, text: string): void {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}

export function abort(response: Response): void {
  if (response.stream) response.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

export function internalError(error: unknown): Status {
  return { ...badRequest(String(error)), reason: 'InternalError', code: 500 };
}
