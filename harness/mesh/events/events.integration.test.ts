import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { EVENTS } from './testing/catalogue.ts';
import { measure, type Outcome } from './testing/measure.ts';
import { eventsPage } from './testing/page.ts';
import type { RealMeasured } from './testing/types.ts';

// No event is about a service that is forgotten; what one prepares is to be there when it happens, however late that is.
vi.mock(import('../proxy/idle-services.ts'), async (original) => {
  const { IdleServices, ...rest } = await original();
  class Patient<Service> extends IdleServices<Service> {
    constructor(idle: (service: Service) => void) {
      super(idle, 600_000);
    }
  }
  return { ...rest, IdleServices: Patient };
});

/** Writes docs/events.md, and sees that it still holds. Each event happens in a mesh of its own, some of them at once. */
const AT_ONCE = 6;
const REAL = new URL('../../../docs/events-real.json', import.meta.url);

const real = JSON.parse(readFileSync(REAL, 'utf8')) as Record<string, RealMeasured>;

async function measureAll(): Promise<Map<string, Outcome | Error>> {
  const outcomes = new Map<string, Outcome | Error>();
  // The longest, a detection that times out, is among the last.
  const waiting = EVENTS.toReversed();
  const worker = async () => {
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
      outcomes.set(event.id, await measure(event).catch((error: Error) => error));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return outcomes;
}

describe('events between two proxies', async () => {
  const outcomes = await measureAll();
  const outcomeOf = (id: string): Outcome => {
    const outcome = outcomes.get(id) as Outcome | Error;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };

  it.each(EVENTS)('$id: the client sees $saw', ({ id, saw }) => {
    expect(outcomeOf(id).saw).toBe(saw);
  });

  it('count what docs/events.md says', async () => {
    const rows = EVENTS.map((event) => ({ event, measured: outcomeOf(event.id).measured, real: real[event.id] }));
    await expect(eventsPage(rows)).toMatchFileSnapshot('../../../docs/events.md');
  });

  it('have one name each, and those tried with a real mesh are among them', () => {
    const ids = EVENTS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(EVENTS.map(({ title }) => title)).size).toBe(ids.length);
    expect(Object.keys(real).filter((id) => !ids.includes(id))).toEqual([]);
  });
});
