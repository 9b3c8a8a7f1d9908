import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EXIT, HarnessError } from '../../core/errors.ts';
import { projectFile } from '../../core/project.ts';
import { readCapacity } from '../../result/bench/read.ts';
import type { CapacityResult } from '../../result/bench/types.ts';
import { CAPACITY_FILE } from '../../result/bench/write.ts';
import { writeWhole } from '../../result/write.ts';
import { thisMachine } from '../machine.ts';
import type { CapacityOptions } from './options.ts';

/** Beside capacity.json: all that a point depends on. */
const PLAN_FILE = 'plan.json';

/** Points measured by unlike plans are not points of one search. Precision, limits and the number of points may change. */
function planOf(options: CapacityOptions): Record<string, unknown> {
  const { scenario, objectives, of, environment, kind, measuredSeconds, warmupSeconds } = options;
  const { file: _file, description: _text, ...what } = scenario;
  const { reuse: _reuse, ...cluster } = kind;
  const plan = {
    scenario: what,
    objectives,
    of,
    environment,
    ...(environment !== 'local' && { cluster }),
    seconds: { warmup: warmupSeconds, measured: measuredSeconds },
    machine: thisMachine(),
    meshproof: ownVersion(),
  };
  return JSON.parse(JSON.stringify(plan));
}

/** Of this meshproof, as npm knows it. */
function ownVersion(): string {
  const text = readFileSync(projectFile('package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Leaves what a later resumption is compared with. @throws HarnessError RESULTS_NOT_WRITABLE */
export async function writePlan(options: CapacityOptions): Promise<void> {
  await writeWhole(join(options.runDir, PLAN_FILE), `${JSON.stringify(planOf(options), null, 2)}\n`);
}

/**
 * The record of the benchmark that is to go on, its points' folders as seen from the new one.
 * @throws HarnessError NOT_RESUMABLE when it measured something else; RESULT_NOT_READABLE, RESULT_INVALID
 */
export async function readEarlier(options: CapacityOptions, from: string): Promise<CapacityResult> {
  const record = await readCapacity(join(from, CAPACITY_FILE));
  const file = join(from, PLAN_FILE);
  const earlier = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as Record<string, unknown>,
    (cause: unknown) => {
      throw refused(`${file} can't be read: ${(cause as Error).message}`, cause);
    },
  );
  const differs = differences(earlier, planOf(options));
  if (differs.length > 0) throw refused(`${from} measured something else: ${differs.join('; ')}`);
  const moved = relative(resolve(options.runDir), resolve(from));
  const sides = record.sides.map((side) => ({
    ...side,
    points: side.points.map((point) => ({ ...point, dir: moved === '' ? point.dir : join(moved, point.dir) })),
  }));
  return { ...record, sides };
}

/** With nothing measured there is nothing to resume. */
export async function removePlan({ runDir }: CapacityOptions): Promise<void> {
  await rm(join(runDir, PLAN_FILE), { force: true });
}

/** What a benchmark runs with; it is known when that has been found and started. */
export type Used = { tools: readonly { name: string; version: string }[]; mesh: CapacityResult['environment']['mesh'] };

/**
 * Points of other programs than the earlier ones are not of one search either.
 * @throws HarnessError NOT_RESUMABLE
 */
export function checkUsed(earlier: CapacityResult | null, now: Partial<Used>): void {
  if (!earlier) return;
  const was = new Map(earlier.tools.map(({ name, version }) => [name, version]));
  const tools = (now.tools ?? []).flatMap(({ name, version }) => {
    const before = was.get(name);
    return before === undefined || before === version ? [] : [`${name} was ${before}, and is ${version}`];
  });
  const { mesh } = earlier.environment;
  // Known once a meshed point was measured.
  const other = now.mesh && mesh.version !== '' && now.mesh.version !== '' && !isDeepStrictEqual(mesh, now.mesh);
  const line = ({ kind, version, proxyVersion }: Used['mesh']) => `${kind} ${version} (proxy ${proxyVersion})`;
  const differs = [...tools, ...(other ? [`mesh was ${line(mesh)}, and is ${line(now.mesh!)}`] : [])];
  if (differs.length > 0) throw refused(`its points were measured with something else: ${differs.join('; ')}`);
}

function differences(was: Record<string, unknown>, is: Record<string, unknown>): string[] {
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((key) => {
    const [a, b] = [was[key], is[key]];
    if (isDeepStrictEqual(a, b)) return [];
    if (!isRecord(a) || !isRecord(b)) return [`${key} was ${JSON.stringify(a)}, and is ${JSON.stringify(b)}`];
    const inside = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((k) => !isDeepStrictEqual(a[k], b[k]));
    return inside.map((k) => {
      const texts = [a[k], b[k]].map((value) => JSON.stringify(value) ?? 'absent');
      return texts.some((text) => text.length > LONGEST)
        ? `${key}: ${k} has changed`
        : `${key}: ${k} was ${texts[0]}, and is ${texts[1]}`;
    });
  });
}

const LONGEST = 60;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function refused(message: string, cause?: unknown): HarnessError {
  return new HarnessError('NOT_RESUMABLE', `it can't go on where it ended: ${message}`, {
    hint: 'begin anew, or ask for what was measured',
    exitCode: EXIT.invalidInput,
    cause,
  });
}
