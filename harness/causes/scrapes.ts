import { CAUSE_IDS } from './ids.ts';
import { PAGE_CAUSES } from './scrapes/pages.ts';
import { REACH_CAUSES } from './scrapes/reach.ts';
import { TARGET_CAUSES } from './scrapes/targets.ts';
import { TLS_CAUSES } from './scrapes/tls.ts';
import type { Cause } from './types.ts';

const TEXTS = [...REACH_CAUSES, ...TLS_CAUSES, ...PAGE_CAUSES, ...TARGET_CAUSES];

/** In the order of their ids. */
export const SCRAPE_CAUSES: Cause[] = CAUSE_IDS.scrapes.flatMap((id) => TEXTS.filter((cause) => cause.id === id));
