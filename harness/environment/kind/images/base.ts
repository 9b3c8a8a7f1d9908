import type { StepContext } from '../contract.ts';
import { buildImage, programIdentity } from './build.ts';
import { imageMissing, type StoredImage, storedImage, storedOrPulled } from './store.ts';

const OLDEST_NODE = 24;
/** Node's names of architectures, as images have them. */
const ARCHITECTURES: Record<string, string> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm',
  s390x: 's390x',
  ppc64: 'ppc64le',
};
const HINT =
  'name an image that is there: --base-image <image> or MESHPROOF_BASE_IMAGE; any image with glibc, libstdc++ and /bin/sh will do ' +
  '(node is copied from this machine), best one with iptables';

/** An image under those that are built. */
export interface Base {
  name: string;
  /** Changes with its content. */
  id: string;
}

/**
 * The image under all others: the user's, else the pinned one.
 * @throws HarnessError IMAGE_MISSING naming it and where it was looked for
 */
export async function findBase(
  context: StepContext,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Base & { image: StoredImage }> {
  const [name, source] = context.options.baseImage
    ? [context.options.baseImage, '--base-image']
    : env.MESHPROOF_BASE_IMAGE
      ? [env.MESHPROOF_BASE_IMAGE, 'MESHPROOF_BASE_IMAGE']
      : [context.versions.images.base, 'the pinned one'];
  const found = await storedOrPulled(name, context);
  if (found.image) return { name: found.image.name, id: found.image.id, image: found.image };
  throw imageMissing(
    `${name} (the base of the images that are built, ${source})`,
    ["Docker's local store: not there", `pulling it: ${found.reason}`],
    HINT,
  );
}

/**
 * The base with a Node that will do: as it is, or with the Node that runs meshproof, when that is a Linux program of the
 * same architecture.
 * @throws HarnessError IMAGE_MISSING, IMAGE_BUILD_FAILED
 */
export async function baseWithNode(base: Base & { image: StoredImage }, context: StepContext): Promise<Base> {
  if (nodeOf(base.image) >= OLDEST_NODE) return base;
  if (!canLendNode(base.image)) {
    throw imageMissing(
      `with Node ${OLDEST_NODE} among those named: ${base.name} has none`,
      [
        `NODE_VERSION of ${base.name}, which images of Node set: ${nodeOf(base.image) || 'not set'}`,
        `the Node of this machine: for ${process.platform} on ${process.arch}, the image is for linux on ${base.image.architecture}`,
      ],
      `name an image with Node ${OLDEST_NODE} or later by --base-image, e.g. ${context.versions.images.base}`,
    );
  }
  const name = await buildImage(
    {
      repository: 'meshproof/node',
      version: process.versions.node,
      dockerfile: 'node.Dockerfile',
      args: { BASE: { value: base.name, identity: base.id } },
      files: {
        node: { program: process.execPath, identity: await programIdentity(process.execPath, process.version) },
      },
    },
    context,
  );
  return { name, id: (await storedImage(name, context))!.id };
}

/** Major version of the Node in an image that says so, as the official ones do; 0 when it does not. */
export function nodeOf(image: Pick<StoredImage, 'env'>): number {
  const variable = image.env.find((line) => line.startsWith('NODE_VERSION='));
  return Number(variable?.match(/=(\d+)\./)?.[1] ?? 0);
}

/** Whether this process' own program runs in a Linux image of that architecture that has glibc. */
function canLendNode(image: StoredImage): boolean {
  if (process.platform !== 'linux' || ARCHITECTURES[process.arch] !== image.architecture) return false;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime !== undefined;
}
