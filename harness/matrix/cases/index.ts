import type { FaultCase } from '../types.ts';
import { DISCOVERY_CASES } from './discovery.ts';
import { PAGE_CASES } from './pages.ts';
import { PROXY_CASES } from './proxies.ts';
import { QUERY_CASES } from './queries.ts';
import { READING_CASES } from './readings.ts';
import { SCRAPE_CASES } from './scrapes.ts';

/** The whole matrix. */
export const ALL_CASES: readonly FaultCase[] = [
  ...DISCOVERY_CASES,
  ...SCRAPE_CASES,
  ...PAGE_CASES,
  ...PROXY_CASES,
  ...READING_CASES,
  ...QUERY_CASES,
];
