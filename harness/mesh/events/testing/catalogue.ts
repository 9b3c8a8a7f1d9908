import { CONNECTION_EVENTS } from './connection-events.ts';
import { HTTP_EVENTS } from './http-events.ts';
import type { MeshEvent } from './types.ts';

/** In the order of the page. */
export const EVENTS: readonly MeshEvent[] = [...HTTP_EVENTS, ...CONNECTION_EVENTS];
