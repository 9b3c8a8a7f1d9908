import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { forwardPort, type PodPort } from './port-forward.ts';
import type { ReadOnlyTransport } from './read-only.ts';

/** A local port whose every connection goes on to a port of a pod, where it comes from the pod's own loopback. */
export interface ForwardedPort extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  url: string;
}

/** Listens; the first connection shows whether there is a way. */
export async function listenFor(transport: ReadOnlyTransport, to: PodPort): Promise<ForwardedPort> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => {});
    forwardPort(transport, to).then(
      // Either end that is closed closes the other.
      (pod) => Promise.all([pipeline(socket, pod), pipeline(pod, socket)]).catch(() => socket.destroy()),
      () => socket.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
