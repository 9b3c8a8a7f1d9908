import type { MeshEvent } from './types.ts';

export const CONNECTION_EVENTS: MeshEvent[] = [
  {
    id: 'first-request',
    group: 'Connections',
    title: 'The first request on the first connection',
    text: "The client's app opens a connection, sends a GET and closes the connection. The one between the proxies stays.",
    world: { warmUp: 'none' },
    run: (world) => world.http('/200'),
    saw: '200',
    view: 'connections',
  },
  {
    id: 'next-connection',
    group: 'Connections',
    title: 'A request on another connection of the app',
    text: 'As before, when the proxies know each other.',
    run: (world) => world.http('/200'),
    saw: '200',
    view: 'connections',
  },
];
