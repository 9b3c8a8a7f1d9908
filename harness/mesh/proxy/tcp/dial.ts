import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import type { Address } from '../../contract.ts';
import type { WorkloadCredentials } from '../../identity/credentials.ts';
import { OPAQUE_PROTOCOL } from './tunnel-leg.ts';

/** What labels of errors call a connection that could not be made: refused or cut, or not made in time. */
export type DialError = 'i/o' | 'unexpected';

export type Dialled = { socket: Socket; error: null } | { socket: null; error: DialError };

/** @returns ends the attempt; nothing is told then */
export type Dialling = () => void;

/** Plaintext to an app. */
export function dialApp(address: Address, timeoutMs: number, done: (dialled: Dialled) => void): Dialling {
  const socket = net.connect({ host: address.host, port: address.port, noDelay: true, allowHalfOpen: true });
  return attempt(socket, 'connect', timeoutMs, done);
}

/** Mutual TLS to a peer's proxy, for an opaque connection; the peer must prove `identity`. */
export function dialPeer(
  address: Address,
  identity: string,
  credentials: WorkloadCredentials,
  timeoutMs: number,
  done: (dialled: Dialled) => void,
): Dialling {
  const socket = tls.connect({
    host: address.host,
    port: address.port,
    servername: identity,
    secureContext: credentials.context,
    ALPNProtocols: [OPAQUE_PROTOCOL],
  });
  socket.setNoDelay(true);
  return attempt(socket, 'secureConnect', timeoutMs, done);
}

function attempt(socket: Socket, stands: string, timeoutMs: number, done: (dialled: Dialled) => void): Dialling {
  let settled = false;
  const settle = (dialled: Dialled) => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    if (dialled.error !== null) socket.destroy();
    done(dialled);
  };
  const timer = setTimeout(() => settle({ socket: null, error: 'unexpected' }), timeoutMs);
  socket.once(stands, () => settle({ socket, error: null }));
  socket.on('error', () => settle({ socket: null, error: 'i/o' }));
  socket.once('close', () => settle({ socket: null, error: 'i/o' }));
  return () => {
    settled = true;
    clearTimeout(timer);
    socket.destroy();
  };
}
