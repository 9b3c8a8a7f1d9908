import { differences } from './differences.ts';
import type { Measured, MeshEvent, View } from './types.ts';
import { World } from './world.ts';

export interface Outcome {
  saw: string;
  measured: Measured;
}

/** Makes the event happen in a world of its own, and takes what both pages counted for it. */
export async function measure(event: MeshEvent): Promise<Outcome> {
  const view: View = event.view ?? 'requests';
  await using world = await World.start(event.world ?? {});
  await event.prepare?.(world);
  const none = { client: '', server: '' };
  const counted = (since: typeof none) => (pages: typeof none) =>
    JSON.stringify(
      (['requests', 'bytes'] as const).flatMap((all) => [
        differences(since.client, pages.client, all),
        differences(since.server, pages.server, all),
      ]),
    );
  const before = await world.settledPages(counted({ client: '# EOF\n', server: '# EOF\n' }));
  const saw = await event.run(world);
  const after = await world.settledPages(counted(before));
  return {
    saw,
    measured: {
      client: differences(before.client, after.client, view),
      server: differences(before.server, after.server, view),
    },
  };
}
