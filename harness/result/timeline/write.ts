import { join } from 'node:path';
import { writeWhole } from '../write.ts';
import type { Timeline } from './types.ts';

export const TIMELINE_FILE = 'timeline.json';

/**
 * Writes `<dir>/timeline.json` whole or not at all.
 * @param dir folder of the scenario
 * @returns its path
 * @throws HarnessError RESULTS_NOT_WRITABLE
 */
export function writeTimeline(dir: string, timeline: Timeline): Promise<string> {
  return writeWhole(join(dir, TIMELINE_FILE), timelineText(timeline));
}

/** As it stands in the file: a line for each field, and for each item of a list of objects. */
export function timelineText(timeline: Timeline): string {
  const fields = Object.entries(timeline).map(([name, value]) => {
    const lines = Array.isArray(value) && value.length > 0 ? value.map((item) => `    ${JSON.stringify(item)}`) : null;
    const text = lines ? `[\n${lines.join(',\n')}\n  ]` : JSON.stringify(value);
    return `  ${JSON.stringify(name)}: ${text}`;
  });
  return `{\n${fields.join(',\n')}\n}\n`;
}
