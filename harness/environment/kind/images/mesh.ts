import type { StepContext } from '../contract.ts';
import { storedOrPulled } from './store.ts';

/**
 * Images of the real mesh that Docker's store has, or can pull, so that a fresh cluster need not pull them each time. What it
 * cannot have is left for the nodes, which may reach a registry by another way.
 */
export async function meshImages(context: StepContext): Promise<string[]> {
  if (context.options.mesh !== 'linkerd') return [];
  const outcomes = await Promise.all(
    context.versions.linkerd.images.map(async (name) => ({ name, found: await storedOrPulled(name, context) })),
  );
  for (const { name, found } of outcomes) {
    if (!found.image) context.note(`image ${name}: left for the node to pull (here: ${found.reason})`);
  }
  return outcomes.flatMap(({ found }) => found.image?.name ?? []);
}
