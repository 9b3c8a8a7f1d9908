import { epochMs } from '../core/clock.ts';

/**
 * How far the clocks of the processes may be apart. Each is asked for its time between two looks at ours: what lies
 * outside that interval is certain offset. Every process derives its stamps from the same kernel clock, so beyond a
 * start-up rounding the offset comes from corrections of the wall clock while the run lasts; Prometheus and k6 read the
 * wall clock itself, which is compared too.
 */
export async function measureClocks(
  clocks: { name: string; read: () => Promise<number> }[],
): Promise<{ marginMs: number; reason: string }> {
  let worst = { name: 'none', offsetMs: 0 };
  const note = (name: string, value: number, from: number, until: number) => {
    const offsetMs = Math.max(0, from - value, value - until);
    if (offsetMs > worst.offsetMs) worst = { name, offsetMs };
  };
  await Promise.all(
    clocks.map(async ({ name, read }) => {
      const from = epochMs();
      const value = await read();
      note(name, value, from, epochMs());
    }),
  );
  const before = epochMs();
  // Date.now() floors to the millisecond.
  note('wall clock', Date.now() + 0.5, before - 0.5, epochMs() + 0.5);
  const marginMs = Math.ceil((worst.offsetMs + RESOLUTION_MS) * 1000) / 1000;
  return {
    marginMs,
    reason: `${RESOLUTION_MS} ms resolution of Prometheus' stamps, and ${worst.offsetMs.toFixed(3)} ms by which a clock (${worst.name}) was off`,
  };
}

/** Prometheus stamps samples in whole milliseconds. */
const RESOLUTION_MS = 1;

/** Looks at a foreign clock: the shortest of them bounds its offset best. */
const LOOKS = 5;

/**
 * The same for clocks that may truly differ (nodes in a virtual machine, or elsewhere). Here what counts is how far a clock
 * can be off at most: a clock that read `value` between our `from` and `until` is off by less than the further of the two.
 */
export async function boundForeignClocks(
  clocks: { name: string; read: () => Promise<number> }[],
): Promise<{ marginMs: number; reason: string }> {
  let worst = { name: 'none', offsetMs: 0 };
  for (const { name, read } of clocks) {
    let offsetMs = Number.POSITIVE_INFINITY;
    for (let look = 0; look < LOOKS; look += 1) {
      const from = epochMs();
      const value = await read();
      offsetMs = Math.min(offsetMs, Math.max(value - from, epochMs() - value));
    }
    if (offsetMs > worst.offsetMs) worst = { name, offsetMs };
  }
  const marginMs = Math.ceil((worst.offsetMs + RESOLUTION_MS) * 1000) / 1000;
  return {
    marginMs,
    reason: `${RESOLUTION_MS} ms resolution of Prometheus' stamps, and ${worst.offsetMs.toFixed(3)} ms by which a clock (${worst.name}) may be off at most; it is another machine's`,
  };
}
