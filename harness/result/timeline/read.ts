import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, HarnessError } from '../../core/errors.ts';
import { parseRecord } from '../bench/read.ts';
import type { Result } from '../types.ts';
import { timelineSchema } from './schema.ts';
import type { Timeline } from './types.ts';
import { TIMELINE_FILE } from './write.ts';

/**
 * Reads a timeline.json strictly.
 * @throws HarnessError RESULT_NOT_READABLE (no such file), RESULT_INVALID (not such a record; lists what is wrong, where)
 */
export async function readTimeline(path: string): Promise<Timeline> {
  const timeline = await readIfThere(path);
  if (timeline) return timeline;
  throw new HarnessError('RESULT_NOT_READABLE', `${path} can't be read: there is no such file`, {
    hint: 'give the path of a timeline.json, e.g. results/<run>/<scenario>/timeline.json',
    exitCode: EXIT.invalidInput,
  });
}

/**
 * Timelines of the scenarios of a run, by the scenario's name. Those that have none are left out: the run was older, or the
 * scenario did not get so far.
 * @param runDir folder of the run's result.json
 * @throws HarnessError RESULT_NOT_READABLE, RESULT_INVALID
 */
export async function readTimelines(
  runDir: string,
  { scenarios }: { scenarios: readonly Pick<Result['scenarios'][number], 'name'>[] },
): Promise<Map<string, Timeline>> {
  const timelines = new Map<string, Timeline>();
  for (const { name } of scenarios) {
    if (!isFolderName(name)) continue;
    const timeline = await readIfThere(join(runDir, name, TIMELINE_FILE));
    if (timeline) timelines.set(name, timeline);
  }
  return timelines;
}

/** A result may come from anywhere: its names lead nowhere else. */
export function isFolderName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name);
}

async function readIfThere(path: string): Promise<Timeline | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new HarnessError('RESULT_NOT_READABLE', `${path} can't be read: ${message}`, {
      hint: 'check its permissions, or remove it: reports are made without it then',
      exitCode: EXIT.invalidInput,
      cause,
    });
  }
  return parse(text, path);
}

function parse(text: string, path: string): Timeline {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new HarnessError('RESULT_INVALID', `${path} is not JSON: ${(cause as Error).message}`, {
      hint: 'remove it: reports are made without it then',
      exitCode: EXIT.invalidInput,
      cause,
    });
  }
  return parseRecord(value, timelineSchema, 'Timeline', path);
}
