import type { VersionProfile } from '../types.ts';
import { V2_12 } from './2.12.ts';
import { V2_14 } from './2.14.ts';
import { V2_15 } from './2.15.ts';
import { V2_16 } from './2.16.ts';
import { V2_17 } from './2.17.ts';
import { V2_18 } from './2.18.ts';
import { V2_19 } from './2.19.ts';
import { V2_20 } from './2.20.ts';
import { EDGE_26_8_3 } from './edge-26.8.3.ts';

/** Newest first. */
export const PROFILES: readonly VersionProfile[] = [
  EDGE_26_8_3,
  V2_20,
  V2_19,
  V2_18,
  V2_17,
  V2_16,
  V2_15,
  V2_14,
  V2_12,
];
