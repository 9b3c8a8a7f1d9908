import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HarnessError } from '../../../core/errors.ts';
import type { StepContext } from '../contract.ts';

/** kind installs this manifest as the pod network, unless it is told not to. */
const KINDNET = '/kind/manifests/default-cni.yaml';

export interface NodeImage {
  /** As the local store knows it. */
  name: string;
  id: string;
  /** It brings its own pod network instead of kind's. */
  ownNetwork: boolean;
}

/**
 * The image of the cluster's nodes: the one asked for, else a pinned one that is in the local store, else the first pinned
 * one, pulled.
 * @throws HarnessError IMAGE_MISSING
 */
export async function nodeImage(context: StepContext): Promise<NodeImage> {
  const { docker, options, versions, signal } = context;
  const names = options.nodeImage ? [options.nodeImage] : versions.kind.nodeImages.map((image) => image.name);
  const name = (await stored(names, context)) ?? (await pulled(names[0]!, context));
  const id = (await docker.imageId(name, { signal }))!;
  return { name, id, ownNetwork: !(await hasFile(name, KINDNET, context)) };
}

async function stored(names: string[], { docker, signal }: StepContext): Promise<string | null> {
  for (const name of names) {
    const local = await docker.localName(name, { signal });
    if (local) return local;
  }
  return null;
}

async function pulled(name: string, context: StepContext): Promise<string> {
  const { docker, options, signal } = context;
  const mirror = options.registryMirror;
  const from = mirror ? ` through ${mirror}` : '';
  context.note(`pulling the node image ${name}${from}`);
  try {
    await docker.pull(name, { mirror, signal });
  } catch (cause) {
    signal.throwIfAborted();
    const why = (cause as Error).message;
    throw missing(name, `not in Docker's store, and pulling it${from} failed: ${why}`, cause);
  }
  const local = await docker.localName(name, { signal });
  if (local) return local;
  throw missing(name, `what was pulled${from} is not that image`);
}

function missing(name: string, why: string, cause?: unknown): HarnessError {
  return new HarnessError('IMAGE_MISSING', `the node image ${name}: ${why}`, {
    hint: 'name one that is in Docker’s store with --node-image, or a registry that has it with --registry-mirror',
    cause,
  });
}

async function hasFile(image: string, path: string, { docker, signal }: StepContext): Promise<boolean> {
  const dir = await mkdtemp(join(tmpdir(), 'meshproof-node-image-'));
  try {
    return await docker.copyFromImage(image, path, join(dir, 'file'), { signal });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
