import { isExecutable } from '../../core/search-path.ts';
import { cacheEntry } from '../cache.ts';
import type { Strategy } from '../strategy.ts';

/** What an earlier run built. */
export const cache: Strategy = {
  source: 'cache',
  decisive: false,
  async find(tool, context) {
    const { file } = cacheEntry(tool, context);
    return isExecutable(file) ? { candidates: [file] } : { reason: `there is no ${file}` };
  },
};
