import { CHARTS } from './data/charts.ts';
import { CONNECTIONS } from './data/connections.ts';
import { IDENTITY } from './data/identity.ts';
import { LABELS } from './data/labels.ts';
import { PROCESS } from './data/process.ts';
import { PROMETHEUS } from './data/prometheus.ts';
import { RESPONSES_CHANGES } from './data/responses.ts';
import { ROUTES } from './data/routes.ts';
import type { KnownChange } from './types.ts';

/** All that is known to have changed, by group. */
export const KNOWN_CHANGES: readonly KnownChange[] = [
  ...IDENTITY,
  ...LABELS,
  ...RESPONSES_CHANGES,
  ...ROUTES,
  ...CONNECTIONS,
  ...PROCESS,
  ...CHARTS,
  ...PROMETHEUS,
];
