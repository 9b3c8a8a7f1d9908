import { differences } from './differences.ts';
import type { Counts, Measured, MeshEvent, View } from './types.ts';
import { type Pages, World } from './world.ts';

export interface Outcome {
  saw: string;
  measured: Measured;
}

/** Makes the event happen in a world of its own, and takes what both pages counted for it. */
export async function measure(event: MeshEvent): Promise<Outcome> {
  await using world = await World.start(event.world ?? {});
  await event.prepare?.(world);
  // Awaited here: the world ends with this function.
  if (event.view === 'admin') return await measureAdmin(world, event);
  return await measureTraffic(world, event, event.view ?? 'requests');
}

async function measureTraffic(world: World, event: MeshEvent, view: View): Promise<Outcome> {
  const since = (before: Pages) => (after: Pages) =>
    JSON.stringify([between(before, after, 'requests'), between(before, after, 'bytes')]);
  const before = await world.settledPages(since({ client: '# EOF\n', server: '# EOF\n' }));
  const saw = await event.run(world);
  const after = await world.settledPages(since(before));
  return { saw, measured: between(before, after, view) };
}

/** Reading a page counts on it: what it takes to read one is taken off. */
async function measureAdmin(world: World, event: MeshEvent): Promise<Outcome> {
  const [first, before] = [await world.pages(), await world.pages()];
  const saw = await event.run(world);
  const after = await world.pages();
  const [idle, busy] = [between(first, before, 'admin'), between(before, after, 'admin')];
  return { saw, measured: { client: minus(busy.client, idle.client), server: minus(busy.server, idle.server) } };
}

function between(before: Pages, after: Pages, view: View): Measured {
  return {
    client: differences(before.client, after.client, view),
    server: differences(before.server, after.server, view),
  };
}

function minus(all: Counts, idle: Counts): Counts {
  const rest = Object.entries(all).map(([key, by]): [string, number] => [key, by - (idle[key] ?? 0)]);
  return Object.fromEntries(rest.filter(([, by]) => by !== 0));
}
