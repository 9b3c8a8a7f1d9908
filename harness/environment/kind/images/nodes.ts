import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../../../core/errors.ts';
import { startChild } from '../../../core/process.ts';
import type { Cluster, StepContext } from '../contract.ts';
import { seconds } from './report.ts';

/**
 * From Docker's store into a node's, without a file in between: half the time of `kind load`, which does the same over an
 * archive on disk. The snapshotter is the one that the node's containerd uses, as in `kind load`: what another one has
 * unpacked no pod could use.
 */
const LOAD = `
node=$1; shift
snapshotter=$(docker exec "$node" containerd config dump | sed -n "s/^ *snapshotter = ['\\"]\\(..*\\)['\\"]$/\\1/p" | head -n 1)
docker save "$@" |
  docker exec --interactive "$node" ctr --namespace=k8s.io images import --snapshotter="\${snapshotter:-overlayfs}" -
`;

/**
 * Brings images from Docker's store to every node that lacks them, all that a node lacks in one archive. A node has an image
 * when it knows its name: tags of what is built here are hashes of the content, and others are pinned.
 * @throws HarnessError IMAGE_LOAD_FAILED
 */
export async function loadIntoNodes(images: readonly string[], cluster: Cluster, context: StepContext): Promise<void> {
  await Promise.all(cluster.nodes.map((node) => loadIntoNode([...new Set(images)], node, context)));
}

async function loadIntoNode(images: string[], node: string, context: StepContext): Promise<void> {
  const there = await imagesOf(node, context);
  const missing = images.filter((image) => !there.has(canonical(image)));
  if (missing.length === 0) return;
  const from = performance.now();
  await mkdir(join(context.dir, 'logs'), { recursive: true });
  // An abort before this moment no listener would hear of.
  context.signal.throwIfAborted();
  await using child = startChild({
    name: `load images into ${node}`,
    file: '/bin/sh',
    args: ['-c', LOAD, 'sh', node, ...missing],
    logFile: join(context.dir, 'logs', 'images.log'),
    whenWeDie: 'SIGTERM',
  });
  const stop = () => void child.stop(1000);
  context.signal.addEventListener('abort', stop, { once: true });
  const exit = await child.exited;
  context.signal.removeEventListener('abort', stop);
  context.signal.throwIfAborted();
  const now = exit.code === 0 ? await imagesOf(node, context) : new Set<string>();
  const still = missing.filter((image) => !now.has(canonical(image)));
  if (still.length > 0) {
    throw new HarnessError(
      'IMAGE_LOAD_FAILED',
      `${still.join(', ')} did not get into the node ${node}:\n${child.tail()}`.trimEnd(),
      { hint: `see ${child.logFile}; has Docker's disk space? (docker system df)`, cause: exit.error },
    );
  }
  context.note(`${missing.length} images loaded into ${node} in ${seconds(from)}: ${missing.join(', ')}`);
}

/** Names of the images in a node's containerd, in full. */
export async function imagesOf(node: string, context: StepContext): Promise<Set<string>> {
  const list = await context.docker.exec(node, ['ctr', '--namespace=k8s.io', 'images', 'ls', '-q'], {
    signal: context.signal,
  });
  return new Set(list.split('\n').map((line) => line.trim()));
}

/** An image's name as containerd keeps it: `meshproof/load:1` is `docker.io/meshproof/load:1`. */
export function canonical(image: string): string {
  const digest = image.includes('@') ? image.slice(image.indexOf('@')) : '';
  const named = image.slice(0, image.length - digest.length);
  const [first, ...rest] = named.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first!) || first === 'localhost');
  const full = hasRegistry ? named : `docker.io/${rest.length > 0 ? '' : 'library/'}${named}`;
  const tagged = digest || /:[^/]+$/.test(full) ? full : `${full}:latest`;
  return tagged + digest;
}
