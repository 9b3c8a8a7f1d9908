import type { Http2Stream } from 'node:http2';
import type { LinkStream } from '../link/stream.ts';

/** Resolves when a stream takes more, or will take nothing any more. */
export function drained(stream: Http2Stream | LinkStream): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
