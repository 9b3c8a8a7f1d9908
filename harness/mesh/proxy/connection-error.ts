import type { ServerResponse } from 'node:http';

/**
 * Tells how an HTTP/1.1 connection failed, when it ends before the response is whole: the real proxy's server returns an
 * error then, whichever side cut it. What ends between two requests is no error.
 */
export function onBrokenConnection(response: ServerResponse, broken: (error: 'unexpected' | 'i/o') => void): void {
  response.once('close', () => {
    if (response.writableFinished) return;
    const { code } = (response.req.socket.errored ?? {}) as NodeJS.ErrnoException;
    broken(code === 'ECONNRESET' || code === 'EPIPE' ? 'i/o' : 'unexpected');
  });
}
