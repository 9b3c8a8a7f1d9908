import { predecessor } from '../predecessor.ts';
import { EDGE_26_8_3 } from './edge-26.8.3.ts';

/** Before the edge: the same families, under prometheus-client 0.23.1 (facts, section 9). */
export const V2_20 = predecessor(EDGE_26_8_3, {
  proxyVersion: 'v2.359.0',
  linkerdVersion: '2.20',
  aliases: ['2.20.0', 'version-2.20', 'stable-2.20'],
  build: { date: '2026-06-17T19:16:05Z', gitSha: '8da700cc8' },
  headersOfEmptyFamilies: true,
});
