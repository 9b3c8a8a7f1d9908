import { ACCESS_CAUSES } from './discovery/access.ts';
import { JOB_CAUSES } from './discovery/jobs.ts';
import { POD_CAUSES } from './discovery/pods.ts';
import { CAUSE_IDS } from './ids.ts';
import type { Cause } from './types.ts';

const TEXTS = [...ACCESS_CAUSES, ...POD_CAUSES, ...JOB_CAUSES];

/** In the order of their ids. */
export const DISCOVERY_CAUSES: Cause[] = CAUSE_IDS.discovery.flatMap((id) => TEXTS.filter((cause) => cause.id === id));
