import { EXIT, type ExitCode, HarnessError } from '../../core/errors.ts';
import { type CleanedRun, cleanRun, forgetRun, registeredRuns, registryDir, staleRuns } from '../../core/registry.ts';
import { type CleanedClusters, cleanClusters } from '../../environment/kind/clusters/clean.ts';
import { plural } from '../../report/format.ts';
import { cleanContainers } from '../../tools/container/clean.ts';
import type { CliContext } from '../context.ts';

/**
 * `meshproof clean`: ends what killed runs left, and deletes their containers and clusters, or in the cluster that runs share
 * their objects; runs that go on are left alone. A cluster that can't be cleaned now (Docker does not answer) is named, and
 * stays in the registry for the next time.
 * @throws HarnessError CHILD_SURVIVED
 */
export async function clean(context: CliContext): Promise<ExitCode> {
  const dir = registryDir(context.env);
  const stale = staleRuns(dir);
  const live = registeredRuns(dir).length - stale.length;
  const cleaned: CleanedRun[] = [];
  for (const run of stale) {
    // First: a child that is just making the cluster would go on.
    const ended = await cleanRun(run, { keepEntry: true });
    const clusters = await cleanClusters(run.clusters, { runId: run.runId, env: context.env });
    if (clusters.left.length === 0 && ended.survived.length === 0) forgetRun(run);
    cleaned.push(ended);
    report(ended, clusters, context);
  }
  const containers = await cleanContainers(context.env);
  for (const { id, tool } of containers) context.stdout.write(`removed a container of ${tool} (${id})\n`);
  if (stale.length + containers.length === 0) context.stdout.write('nothing to clean\n');
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

function report(run: CleanedRun, clusters: CleanedClusters, context: CliContext): void {
  const { runId, ended, removedDirs } = run;
  const what = [
    plural(ended.length, 'process', 'processes'),
    plural(removedDirs.length, 'folder'),
    ...(clusters.deleted.length > 0 ? [plural(clusters.deleted.length, 'cluster')] : []),
  ].join(', ');
  context.stdout.write(`cleaned run ${runId}: ${what}\n`);
  for (const child of ended) context.stdout.write(`  ended ${child.name} (pid ${child.pid})\n`);
  for (const folder of removedDirs) context.stdout.write(`  removed ${folder}\n`);
  for (const name of clusters.deleted) context.stdout.write(`  deleted the cluster ${name}\n`);
  for (const { name, objects } of clusters.emptied) {
    context.stdout.write(`  removed ${plural(objects, 'object')} from the cluster ${name}\n`);
  }
  for (const { name, reason } of clusters.left) context.stdout.write(`  the cluster ${name} is left: ${reason}\n`);
}
