import { CONTAINER_LABELS, isOrphan } from './owner.ts';

export interface CleanedContainer {
  id: string;
  tool: string;
}

/**
 * Removes the tools' containers whose meshproof has gone. As a rule there are none: they end with it.
 * @returns what was removed; nothing when Docker does not answer
 */
export async function cleanContainers(): Promise<CleanedContainer[]> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  const client = await getContainerRuntimeClient().catch(() => null);
  if (!client) return [];
  const orphans = (await client.container.list()).filter(({ Labels }) => isOrphan(Labels));
  const cleaned: CleanedContainer[] = [];
  for (const { Id, Labels } of orphans) {
    const removed = await client.container
      .getById(Id)
      .remove({ force: true })
      .then(
        () => true,
        // It is being removed as it is.
        (error: { statusCode?: number }) => error.statusCode === 409 || error.statusCode === 404,
      );
    if (removed) cleaned.push({ id: Id.slice(0, 12), tool: Labels[CONTAINER_LABELS.tool] ?? '' });
  }
  return cleaned;
}
