import { Duplex, PassThrough } from 'node:stream';
import { EXIT, HarnessError } from '../../../core/errors.ts';
import type { ReadOnlyTransport } from './read-only.ts';

export interface PodPort {
  namespace: string;
  pod: string;
  port: number;
}

/**
 * A connection to a port of a pod, through the API server and its node; there it comes from the pod's own loopback. It begins
 * with a GET, for which Kubernetes wants the verb `get` (since 1.35 `create`) of pods/portforward.
 * @throws HarnessError PORT_FORWARD_REFUSED
 */
export async function forwardPort(transport: ReadOnlyTransport, to: PodPort): Promise<Duplex & AsyncDisposable> {
  const { namespace, pod, port } = to;
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/portforward?ports=${port}`;
  const note = (outcome: number | string) =>
    transport.account.note({ method: 'GET', verb: 'get', path, as: null, outcome });
  const { PortForward } = await import('../client-library.ts');
  const [received, sent, said] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let socket: Awaited<ReturnType<InstanceType<typeof PortForward>['portForward']>>;
  try {
    const forward = new PortForward(transport.credentials.config);
    socket = await forward.portForward(namespace, pod, [port], received, said, sent);
  } catch (error) {
    const message = (error as { message?: string }).message ?? String(error);
    note(Number(/\b([45]\d\d)\b/.exec(message)?.[1] ?? Number.NaN) || message);
    throw new HarnessError('PORT_FORWARD_REFUSED', `no connection to ${namespace}/${pod}:${port}: ${message}`, {
      hint: 'the kubeconfig needs the right to pods/portforward',
      exitCode: EXIT.environment,
      cause: error,
    });
  }
  note(101);
  const connection = Duplex.from({ readable: received, writable: sent });
  const open = typeof socket === 'function' ? socket() : socket;
  open?.addEventListener('close', () => received.end());
  // What the node says when it can't connect, `failed to connect to localhost:4143 ...: connection refused`.
  said.once('data', (text: Buffer) => connection.destroy(new Error(text.toString('utf8').trim())));
  connection.once('close', () => open?.close());
  connection.on('error', () => {});
  return connection;
}
