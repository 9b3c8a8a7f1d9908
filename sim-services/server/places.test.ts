import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Guest, Places } from './places.ts';

function guest(name: string, handled: string[], then?: (fromMs: number) => void): Guest {
  return {
    handle(fromMs) {
      handled.push(`${name}@${fromMs}`);
      then?.(fromMs);
    },
  };
}

test('who comes while places are free is handled at once, others in the order of their coming', async () => {
  const handled: string[] = [];
  const places = new Places(2);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => guest(name, handled)) as [Guest, Guest, Guest, Guest];
  places.enter(a, 1);
  places.enter(b, 2);
  places.enter(c, 3);
  places.enter(d, 4);
  expect(handled).toEqual(['a@1', 'b@2']);
  places.leave(b, 10);
  // Who leaves writes first.
  expect(handled).toHaveLength(2);
  await null;
  expect(handled).toEqual(['a@1', 'b@2', 'c@10']);
  places.leave(a, 11);
  await null;
  expect(handled.at(-1)).toBe('d@11');
});

test('nobody goes before the line, also not between a leave and who follows', async () => {
  const handled: string[] = [];
  const places = new Places(1);
  const first = guest('first', handled);
  places.enter(first, 1);
  places.enter(guest('waits', handled), 2);
  places.leave(first, 5);
  places.enter(guest('late', handled), 6);
  await null;
  expect(handled).toEqual(['first@1', 'waits@5']);
});

test('a place that was free before somebody came is theirs from their coming on', async () => {
  const handled: string[] = [];
  const places = new Places(1);
  const first = guest('first', handled);
  places.enter(first, 1);
  places.enter(guest('second', handled), 20);
  // Late by a timer: its end was due before the second one came.
  places.leave(first, 15);
  await null;
  expect(handled.at(-1)).toBe('second@20');
});

test('a line of those that need no time takes no stack', async () => {
  const places = new Places(1);
  const first = guest('first', []);
  places.enter(first, 0);
  let handled = 0;
  for (let i = 0; i < 50_000; i += 1) {
    const one: Guest = {
      handle() {
        handled += 1;
        places.leave(one, 0);
      },
    };
    places.enter(one, i);
  }
  places.leave(first, 1);
  await null;
  expect(handled).toBe(50_000);
});

test('whatever comes and goes: never more than there are places, in order, and nobody is forgotten', async () => {
  const steps = fc.array(fc.oneof(fc.constant('enter' as const), fc.nat(30), fc.constant('pause' as const)), {
    maxLength: 120,
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), steps, async (count, list) => {
      const places = new Places(count);
      const waiting: number[] = [];
      const inside = new Set<number>();
      const guests = new Map<number, Guest>();
      let next = 0;
      const leave = (id: number) => {
        const one = guests.get(id)!;
        guests.delete(id);
        const at = waiting.indexOf(id);
        if (at === -1) inside.delete(id);
        else waiting.splice(at, 1);
        places.leave(one, 0);
      };
      for (const step of list) {
        if (step === 'pause') await null;
        else if (step === 'enter') {
          const id = next++;
          waiting.push(id);
          const one: Guest = {
            handle() {
              expect(waiting.shift()).toBe(id);
              inside.add(id);
              expect(inside.size).toBeLessThanOrEqual(count);
            },
          };
          guests.set(id, one);
          places.enter(one, 0);
        } else {
          const id = [...guests.keys()][step];
          if (id !== undefined) leave(id);
        }
      }
      while (guests.size > 0) {
        await null;
        expect(inside.size).toBe(Math.min(count, guests.size));
        leave([...inside][0]!);
      }
    }),
  );
});
