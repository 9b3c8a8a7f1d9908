import type { Socket } from 'node:net';

export type Detected = 'tls' | 'http/2' | 'http/1';

/** First bytes of an HTTP/2 connection with prior knowledge (RFC 9113, 3.4); two of them tell it from HTTP/1.1. */
const PREFACE = 'PRI * HTTP/2.0';
const TLS_HANDSHAKE = 0x16;

/**
 * Looks at the first bytes of an accepted connection and puts them back. `found` gets the protocol and how long the
 * bytes took, in seconds, and the bytes; it is not called when the connection ends before.
 */
export function detectProtocol(
  socket: Socket,
  found: (protocol: Detected, seconds: number, first: Buffer) => void,
): void {
  const start = performance.now();
  socket.on('error', ignore);
  socket.once('data', (first: Buffer) => {
    socket.pause();
    socket.unshift(first);
    const protocol =
      first[0] === TLS_HANDSHAKE
        ? 'tls'
        : first.toString('latin1', 0, PREFACE.length) === PREFACE.slice(0, first.length)
          ? 'http/2'
          : 'http/1';
    found(protocol, (performance.now() - start) / 1000, first);
    if (protocol === 'http/1') socket.resume();
  });
}

function ignore(): void {}
