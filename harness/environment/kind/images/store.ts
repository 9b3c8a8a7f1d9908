import { HarnessError } from '../../../core/errors.ts';
import type { StepContext } from '../contract.ts';
import { withoutDigest } from '../image-name.ts';
import { seconds } from './report.ts';

/** An image in Docker's store, as `docker image inspect` says it. */
export interface StoredImage {
  /** With tag and without digest: what is saved under a digest alone would have no name in a node. */
  name: string;
  id: string;
  /** `amd64`, `arm64`. */
  architecture: string;
  /** `NAME=value`. */
  env: string[];
}

/** null when the store has none of that name (and digest). */
export async function storedImage(name: string, context: StepContext): Promise<StoredImage | null> {
  const { docker, signal } = context;
  const local = await docker.localName(name, { signal });
  if (local === null) return null;
  const { bare, digest } = withoutDigest(local);
  if (digest !== null) await docker.tag(local, bare, { signal });
  const text = await docker.text(['image', 'inspect', '--format', '{{json .}}', bare], { signal });
  const image = JSON.parse(text) as { Id: string; Architecture: string; Config?: { Env?: string[] | null } };
  return { name: bare, id: image.Id, architecture: image.Architecture, env: image.Config?.Env ?? [] };
}

/**
 * Has an image in the local store: it is there, or it is pulled (through the mirror, when there is one).
 * @returns the reason when neither works
 */
export async function storedOrPulled(
  name: string,
  context: StepContext,
): Promise<{ image: StoredImage } | { image: null; reason: string }> {
  const stored = await storedImage(name, context);
  if (stored) return { image: stored };
  const from = performance.now();
  try {
    await context.docker.pull(name, { mirror: context.options.registryMirror, signal: context.signal });
  } catch (error) {
    context.signal.throwIfAborted();
    return { image: null, reason: (error as Error).message.trim().split('\n').at(-1) ?? '' };
  }
  const pulled = await storedImage(name, context);
  if (!pulled) return { image: null, reason: 'it was pulled, and is not in the local store' };
  context.note(`image ${name}: pulled in ${seconds(from)}`);
  return { image: pulled };
}

/** The error for an image that nothing leads to. */
export function imageMissing(name: string, looked: string[], hint: string): HarnessError {
  return new HarnessError(
    'IMAGE_MISSING',
    `there is no image ${name}; looked:${looked.map((l) => `\n  ${l}`).join('')}`,
    {
      hint,
    },
  );
}
