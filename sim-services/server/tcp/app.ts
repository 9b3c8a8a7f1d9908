import type { Socket } from 'node:net';
import { epochMs } from '../../clock.ts';
import type { PodContext } from '../context.ts';
import type { AppListener } from '../listener.ts';
import type { AppRoute } from '../route.ts';
import { SocketListener } from '../sockets.ts';
import { AcceptedConnection } from './connection.ts';

/** The app listener of a pod that speaks the protocol of TCP_PREAMBLE; it has one route. */
export function createTcpApp(pod: PodContext, route: AppRoute, speaksFirst: boolean): AppListener {
  const onSocket = (socket: Socket) => new AcceptedConnection(pod, socket, route, speaksFirst, epochMs());
  return new SocketListener(onSocket, true);
}
