import { resolve } from 'node:path';
import type { Strategy } from '../strategy.ts';

/** The path that the user gave: an option, or the tool's environment variable. */
export const given: Strategy = {
  source: 'given',
  decisive: true,
  async find(tool, context) {
    const path = context.given || context.env[tool.variable];
    return path ? { candidates: [resolve(path)] } : { reason: `neither --${tool.name} nor ${tool.variable} is set` };
  },
};
