import type { ChildReply } from '../../core/child-calls.ts';
import type { FleetChange, FleetConfig } from './types.ts';

/** What goes over the channel between the generator's process and its owner. */
export type GeneratorCommand =
  | { id: number; type: 'start'; config: FleetConfig }
  | { id: number; type: 'statistics' }
  | { id: number; type: 'stop' };

export type GeneratorReply = ChildReply;

/** Sent unasked. */
export type GeneratorNotice = { type: 'change'; change: FleetChange };
