import { CONNECTION_EVENTS } from './connection-events.ts';
import { GRPC_EVENTS } from './grpc-events.ts';
import { HTTP_EVENTS } from './http-events.ts';
import { POLICY_EVENTS } from './policy-events.ts';
import { ROUTING_EVENTS } from './routing-events.ts';
import type { MeshEvent } from './types.ts';

/** In the order of the page. */
export const EVENTS: readonly MeshEvent[] = [
  ...HTTP_EVENTS,
  ...GRPC_EVENTS,
  ...ROUTING_EVENTS,
  ...POLICY_EVENTS,
  ...CONNECTION_EVENTS,
];
