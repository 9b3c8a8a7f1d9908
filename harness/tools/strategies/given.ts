import { resolve } from 'node:path';
import type { ToolSpec } from '../catalogue.ts';
import type { Strategy } from '../strategy.ts';

/** The path that the user gave: an option, or the tool's environment variable. */
export const given: Strategy = {
  source: 'given',
  decisive: true,
  async find(tool, context) {
    const path = context.given || context.env[tool.variable];
    return path ? { candidates: [resolve(path)] } : { reason: nothing(tool) };
  },
};

function nothing({ option, variable }: ToolSpec): string {
  return option === null ? `${variable} is not set` : `neither ${option} nor ${variable} is set`;
}
