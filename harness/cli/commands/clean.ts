import { EXIT, type ExitCode, HarnessError } from '../../core/errors.ts';
import { type CleanedRun, cleanRun, registeredRuns, registryDir, staleRuns } from '../../core/registry.ts';
import { plural } from '../../report/format.ts';
import type { CliContext } from '../context.ts';

/**
 * `meshproof clean`: ends what killed runs left; runs that go on are left alone.
 * @throws HarnessError CHILD_SURVIVED
 */
export async function clean(context: CliContext): Promise<ExitCode> {
  const dir = registryDir(context.env);
  const stale = staleRuns(dir);
  const live = registeredRuns(dir).length - stale.length;
  const cleaned: CleanedRun[] = [];
  for (const run of stale) cleaned.push(await cleanRun(run));
  for (const { runId, ended, removedDirs } of cleaned) {
    const what = [plural(ended.length, 'process', 'processes'), plural(removedDirs.length, 'folder')].join(', ');
    context.stdout.write(`cleaned run ${runId}: ${what}\n`);
    for (const child of ended) context.stdout.write(`  ended ${child.name} (pid ${child.pid})\n`);
    for (const folder of removedDirs) context.stdout.write(`  removed ${folder}\n`);
  }
  if (stale.length === 0) context.stdout.write('nothing to clean\n');
  if (live > 0) context.stdout.write(`${plural(live, 'run')} still going on, left alone\n`);
  const survived = cleaned.flatMap((run) => run.survived);
  if (survived.length > 0) {
    const names = survived.map((child) => `${child.name} (pid ${child.pid})`).join(', ');
    throw new HarnessError('CHILD_SURVIVED', `these could not be ended: ${names}`, {
      hint: 'end them as the user who started them, then run `meshproof clean` again',
    });
  }
  return EXIT.pass;
}
