import type { Http2Stream } from 'node:http2';
import type { LinkStream } from '../link/stream.ts';

/**
 * Resets a stream. node:http2's own `close(code)` ends the writable side first: the peer gets END_STREAM before the reset and
 * takes a body that was cut off for a complete one. An `end` that does nothing keeps that from happening.
 */
export function resetStream(stream: Http2Stream | LinkStream, code: number): void {
  if (stream.destroyed || stream.closed) return;
  stream.end = () => stream;
  stream.close(code);
}
