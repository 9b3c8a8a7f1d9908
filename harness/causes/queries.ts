import { CAUSE_IDS } from './ids.ts';
import { QUANTILE_CAUSES } from './queries/quantiles.ts';
import { SERIES_CAUSES } from './queries/series.ts';
import { WINDOW_CAUSES } from './queries/windows.ts';
import type { Cause } from './types.ts';

const TEXTS = [...WINDOW_CAUSES, ...SERIES_CAUSES, ...QUANTILE_CAUSES];

/** In the order of their ids. */
export const QUERY_CAUSES: Cause[] = CAUSE_IDS.queries.flatMap((id) => TEXTS.filter((cause) => cause.id === id));
