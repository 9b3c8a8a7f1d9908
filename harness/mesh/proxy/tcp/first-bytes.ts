import type { Socket } from 'node:net';

/** Linkerd's time for protocol detection, ms. */
export const DETECT_TIMEOUT_MS = 10_000;

/** Longest first read that linkerd2-proxy looks at. */
const READ_BYTES = 1024;

export type First =
  | { kind: 'bytes'; bytes: Buffer; seconds: number }
  /** Nothing came in time; whoever is told goes on with the connection. */
  | { kind: 'timeout'; seconds: number }
  /** It ended or broke before anything came. */
  | { kind: 'ended'; seconds: number };

/**
 * Waits for the first bytes of a connection and puts them back; the socket is paused then. Nothing is told when it is
 * destroyed by this side meanwhile.
 * @param timeoutMs null: no limit
 */
export function firstBytes(socket: Socket, timeoutMs: number | null, found: (first: First) => void): void {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  let immediate: NodeJS.Immediate | undefined;
  const stop = () => {
    clearTimeout(timer);
    clearImmediate(immediate);
  };
  const settle = (first: First) => {
    stop();
    socket.off('data', onData);
    socket.off('end', onEnd);
    socket.off('error', onEnd);
    socket.off('close', stop);
    found(first);
  };
  const onData = (bytes: Buffer) => {
    socket.pause();
    socket.unshift(bytes);
    socket.allowHalfOpen = false;
    settle({ kind: 'bytes', bytes: bytes.subarray(0, READ_BYTES), seconds: seconds() });
  };
  const onEnd = () => settle({ kind: 'ended', seconds: seconds() });
  const timer =
    timeoutMs === null
      ? undefined
      : setTimeout(() => {
          // Where this process was busy, the bytes may be there already.
          immediate = setImmediate(() => {
            socket.pause();
            settle({ kind: 'timeout', seconds: seconds() });
          });
        }, timeoutMs);
  socket.on('error', ignore);
  // A connection that ends at once may be one to be passed on.
  socket.allowHalfOpen = true;
  socket.once('data', onData);
  socket.once('end', onEnd);
  socket.once('error', onEnd);
  socket.once('close', stop);
  socket.resume();
}

function ignore(): void {}
