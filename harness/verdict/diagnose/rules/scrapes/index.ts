import type { Rule } from '../../types.ts';
import { CLOCK } from './clock.ts';
import { LIMITS_OF_JOBS } from './limits.ts';
import { DUPLICATES, PAGES } from './pages.ts';
import { REACH_OF_ADMIN_PORTS } from './reach.ts';
import { TLS_OF_SCRAPES } from './tls.ts';
import { REUSED_ADDRESSES, TWO_JOBS } from './twice.ts';

/** Prometheus finds the target, but does not read what the proxy says, or not once. */
export const SCRAPE_RULES: readonly Rule[] = [
  REACH_OF_ADMIN_PORTS,
  TLS_OF_SCRAPES,
  LIMITS_OF_JOBS,
  PAGES,
  DUPLICATES,
  TWO_JOBS,
  REUSED_ADDRESSES,
  CLOCK,
];
