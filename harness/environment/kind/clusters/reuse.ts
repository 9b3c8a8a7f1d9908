import { rename, rm } from 'node:fs/promises';
import { HarnessError } from '../../../core/errors.ts';
import { runCommand } from '../../../core/run-command.ts';
import { waitFor } from '../../../core/wait.ts';
import type { StepContext } from '../contract.ts';
import { createNodes, deleteCluster, kindEnv, nodesReady } from './create.ts';
import { clusterFiles } from './names.ts';
import { type ClusterNode, controlPlane } from './nodes.ts';
import { isMarked } from './owner.ts';

const ANSWER_MS = 60_000;
const EXPORT_MS = 60_000;

/**
 * Takes the cluster that is there, started when it was stopped; one that does not come back or was not made to the end is
 * made anew.
 * @param nodes of the cluster, all of them meshproof's
 * @returns false when it had to be made anew
 */
export async function takeOrRemake(name: string, nodes: ClusterNode[], context: StepContext): Promise<boolean> {
  const why = await revive(name, nodes, context);
  if (why === null) {
    await exportKubeconfig(name, context);
    return true;
  }
  context.note(`the cluster ${name} ${why}; it is made anew`);
  await deleteCluster(name, context.docker);
  await createNodes(name, context);
  return false;
}

/** null when it answers and is whole, or why not. @throws HarnessError CLUSTER_OTHER_IMAGE */
async function revive(name: string, nodes: ClusterNode[], context: StepContext): Promise<string | null> {
  const { docker, signal } = context;
  const control = controlPlane(nodes);
  if (!control) return 'has no control plane';
  await assertImage(name, control, context);
  const asleep = nodes.filter((node) => node.state !== 'running');
  if (asleep.length > 0) {
    context.note(`the cluster ${name}: ${asleep.map((node) => `${node.name} is ${node.state}`).join(', ')}; started`);
    const failure = await wake(asleep, context);
    if (failure) return failure;
  }
  const first = await isMarked(docker, control.name, { signal });
  if (first === true && asleep.length === 0) return null;
  try {
    const marked = await waitFor(
      async () => {
        const answer = await isMarked(docker, control.name, { signal });
        return answer === 'unknown' ? undefined : answer;
      },
      { what: `the API of ${name}`, deadlineMs: ANSWER_MS, everyMs: 500, hint: '', signal },
    );
    if (!marked) return 'was not made to the end';
    await nodesReady(control.name, context);
    return null;
  } catch {
    signal.throwIfAborted();
    return `does not answer within ${ANSWER_MS / 1000} s`;
  }
}

async function wake(nodes: ClusterNode[], { docker, signal }: StepContext): Promise<string | null> {
  for (const { name, state } of nodes) {
    const output = await docker.run([state === 'paused' ? 'unpause' : 'start', name], { signal });
    if (output.code !== 0) return `can't be started (${output.stderr.trim()})`;
  }
  return null;
}

/** Another Kubernetes than the one asked for would make the run say something about the wrong one. */
async function assertImage(name: string, node: ClusterNode, context: StepContext): Promise<void> {
  const wanted = context.options.nodeImage;
  if (!wanted) return;
  const id = await context.docker.imageId(wanted, { signal: context.signal });
  if (id === node.image) return;
  throw new HarnessError('CLUSTER_OTHER_IMAGE', `the cluster ${name} that is reused does not run ${wanted}`, {
    hint: `kind delete cluster --name ${name}, or run without --reuse or without --node-image`,
  });
}

/** The file may be of an earlier cluster of that name; another run may be reading it, so it is replaced at one stroke. */
async function exportKubeconfig(name: string, context: StepContext): Promise<void> {
  const kind = await context.tool('kind');
  const file = clusterFiles(name).kubeconfig;
  const fresh = `${file}.${process.pid}`;
  try {
    const output = await runCommand(kind.path, ['export', 'kubeconfig', '--name', name, '--kubeconfig', fresh], {
      deadlineMs: EXPORT_MS,
      env: kindEnv(),
      signal: context.signal,
    });
    if (output.code !== 0) {
      throw new HarnessError('KUBECONFIG_NOT_EXPORTED', `kind export kubeconfig: ${output.stderr.trim()}`, {
        hint: `try it by hand; if it goes on failing: kind delete cluster --name ${name}`,
        cause: output.error,
      });
    }
    await rename(fresh, file);
  } finally {
    await rm(fresh, { force: true });
    await rm(`${fresh}.lock`, { force: true });
  }
}
