import type { Rule } from '../types.ts';
import { DISCOVERY_RULES } from './discovery/index.ts';
import { PROXY_RULES } from './proxies/index.ts';
import { QUERY_RULES } from './queries/index.ts';
import { SCRAPE_RULES } from './scrapes/index.ts';

/** The table of rules, a group each of the catalogue's (harness/causes/). */
export const ALL_RULES: readonly Rule[] = [...DISCOVERY_RULES, ...SCRAPE_RULES, ...PROXY_RULES, ...QUERY_RULES];
