import { CAUSE_IDS } from './ids.ts';
import { CERTIFICATE_CAUSES } from './proxies/certificates.ts';
import { FORGETTING_CAUSES } from './proxies/forgetting.ts';
import { READING_CAUSES } from './proxies/readings.ts';
import { UNSEEN_CAUSES } from './proxies/unseen.ts';
import type { Cause } from './types.ts';

const TEXTS = [...UNSEEN_CAUSES, ...READING_CAUSES, ...FORGETTING_CAUSES, ...CERTIFICATE_CAUSES];

/** In the order of their ids. */
export const PROXY_CAUSES: Cause[] = CAUSE_IDS.proxies.flatMap((id) => TEXTS.filter((cause) => cause.id === id));
