import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../../../core/errors.ts';
import { startChild } from '../../../core/process.ts';
import { sleep } from '../../../core/wait.ts';
import type { StepContext } from '../contract.ts';
import { clusterConfig } from './config.ts';
import { type ClusterFiles, clusterFiles } from './names.ts';
import { nodeImage } from './node-image.ts';
import { clusterNodes, controlPlane, removeNodes } from './nodes.ts';
import { kubectl, mark, type Owner, writeOwner } from './owner.ts';

const CREATE_DEADLINE_MS = 5 * 60_000;
const READY_SECONDS = 120;
/** kind is given this long to end; then what it made is removed anyway. */
const GRACE_MS = 5000;
/** A container that the engine was still making when kind ended appears within this time. */
const STRAGGLER_MS = 2000;

/**
 * Makes a cluster, ready nodes and all; when that fails or is interrupted nothing of it is left.
 * @throws HarnessError CLUSTER_NOT_CREATED, CLUSTER_NOT_OURS, IMAGE_MISSING; the signal's reason
 */
export async function createNodes(name: string, context: StepContext): Promise<void> {
  const files = clusterFiles(name);
  const [image, kind] = await Promise.all([nodeImage(context), context.tool('kind')]);
  const owner: Owner = {
    cluster: name,
    runId: context.runId,
    shared: context.options.reuse ? 'yes' : 'no',
    createdAt: new Date().toISOString(),
  };
  await mkdir(files.dir, { recursive: true });
  await rm(files.kubeconfig, { force: true });
  await writeOwner(files, owner);
  const config = await writeConfig({ ownNetwork: image.ownNetwork, owner: files.owner }, context);
  context.registration.addCluster(name);
  try {
    await runKind(kind.path, ['--name', name, '--image', image.name, '--config', config], files, context);
    const { docker, signal } = context;
    const node = controlPlane(await clusterNodes(docker, name, { signal }))!;
    await nodesReady(node.name, context);
    await mark(docker, node.name, owner, { signal });
  } catch (error) {
    // Somebody else, who does not share our lock, was quicker: what is there is theirs.
    if ((error as HarnessError).code !== 'CLUSTER_EXISTS') await removeLeftovers(name, context);
    await forgetCluster(name);
    context.registration.removeCluster(name);
    throw error;
  }
}

/**
 * Removes a cluster that meshproof made, and the files about it.
 * @returns whether there was one
 * @throws HarnessError CLUSTER_NOT_DELETED
 */
export async function deleteCluster(name: string, docker: StepContext['docker']): Promise<boolean> {
  try {
    const removed = await removeNodes(docker, name);
    await forgetCluster(name);
    return removed;
  } catch (cause) {
    throw new HarnessError('CLUSTER_NOT_DELETED', `the cluster ${name}: ${(cause as Error).message}`, {
      hint: `\`meshproof clean\` deletes it once Docker answers; or: kind delete cluster --name ${name}`,
      cause,
    });
  }
}

async function forgetCluster(name: string): Promise<void> {
  const files = clusterFiles(name);
  for (const file of [files.kubeconfig, files.owner]) await rm(file, { recursive: true, force: true });
}

async function writeConfig(options: { ownNetwork: boolean; owner: string }, context: StepContext): Promise<string> {
  const dir = join(context.dir, 'config');
  await mkdir(dir, { recursive: true });
  const file = join(dir, 'kind-cluster.yaml');
  await writeFile(file, await clusterConfig(options));
  return file;
}

async function runKind(file: string, args: string[], files: ClusterFiles, context: StepContext): Promise<void> {
  const { signal } = context;
  await mkdir(join(context.dir, 'logs'), { recursive: true });
  // An abort before this moment no listener would hear of.
  signal.throwIfAborted();
  await using kind = startChild({
    name: 'kind',
    file,
    args: ['create', 'cluster', ...args, '--kubeconfig', files.kubeconfig, '--wait', '0s'],
    env: kindEnv(),
    logFile: join(context.dir, 'logs', 'kind.log'),
    whenWeDie: 'SIGTERM',
  });
  const stop = () => void kind.stop(GRACE_MS);
  signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(stop, CREATE_DEADLINE_MS);
  const exit = await kind.exited;
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (exit.code === 0) return;
  const log = kind.tail(30);
  const why = exit.error?.message ?? log.match(/^ERROR: (.*)/m)?.[1] ?? `exit code ${exit.code ?? exit.signal}`;
  const code = /already exist for a cluster/.test(log) ? 'CLUSTER_EXISTS' : 'CLUSTER_NOT_CREATED';
  throw new HarnessError(code, `kind create cluster failed: ${why}\n${log}`.trimEnd(), {
    hint: `its log is ${kind.logFile}; has Docker memory and disk space left? (docker system df)`,
    cause: exit.error,
  });
}

/** kind's own choice of an engine would be guessed from what is installed. */
export function kindEnv(): NodeJS.ProcessEnv {
  return { ...process.env, KIND_EXPERIMENTAL_PROVIDER: 'docker' };
}

/** Waits until every node is. @throws HarnessError CLUSTER_NOT_READY with what the nodes say */
export async function nodesReady(node: string, { docker, signal }: StepContext): Promise<void> {
  const wait = kubectl(['wait', '--for=condition=Ready', 'nodes', '--all', `--timeout=${READY_SECONDS}s`]);
  const output = await docker.run(['exec', node, ...wait], { signal, deadlineMs: (READY_SECONDS + 10) * 1000 });
  if (output.code === 0) return;
  const nodes = await docker.run(['exec', node, ...kubectl(['describe', 'nodes', '--request-timeout=5s'])], { signal });
  const conditions = nodes.stdout.match(/^Conditions:\n(?: {2}.*\n)+/gm)?.join('') ?? '';
  throw new HarnessError(
    'CLUSTER_NOT_READY',
    `the nodes are not ready: ${output.stderr.trim()}\n${conditions}`.trimEnd(),
    {
      hint: 'a node image without pod network never gets ready; else look at `docker logs` of the node',
    },
  );
}

/** The engine may still be about to make a container that kind had asked for when it was ended. */
async function removeLeftovers(name: string, context: StepContext): Promise<void> {
  const { docker } = context;
  try {
    await removeNodes(docker, name);
    await sleep(STRAGGLER_MS);
    await removeNodes(docker, name);
  } catch (error) {
    context.note(`what is left of the cluster ${name} could not be removed: ${(error as Error).message}`);
  }
}
