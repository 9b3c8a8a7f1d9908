import { searchPath } from '../../core/search-path.ts';
import type { Strategy } from '../strategy.ts';

/** Every program of that name on PATH: the first may be too old and the second not. */
export const path: Strategy = {
  source: 'PATH',
  decisive: false,
  async find(tool, context) {
    const file = process.platform === 'win32' ? `${tool.name}.exe` : tool.name;
    const candidates = searchPath(file, context.env);
    return candidates.length > 0 ? { candidates } : { reason: `there is no ${file} on it` };
  },
};
