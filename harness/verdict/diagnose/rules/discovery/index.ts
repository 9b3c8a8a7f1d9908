import type { Rule } from '../../types.ts';
import { ACCESS_TO_THE_API } from './access.ts';
import { CONTROL_PLANE_PORTS } from './control-plane.ts';
import { FILTERS_OF_JOBS } from './filters.ts';
import { INJECTION } from './injection.ts';
import { NAMES_OF_PROXIES } from './names.ts';
import { LABELS_OF_PODS } from './overwrites.ts';

/** Prometheus does not find a target. */
export const DISCOVERY_RULES: readonly Rule[] = [
  ACCESS_TO_THE_API,
  INJECTION,
  NAMES_OF_PROXIES,
  FILTERS_OF_JOBS,
  CONTROL_PLANE_PORTS,
  LABELS_OF_PODS,
];
