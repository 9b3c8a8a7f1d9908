import { expect, test } from 'vitest';
import { BENCHES } from './benches/index.ts';
import { measure } from './measure.ts';
import { yardstick } from './yardstick.ts';

const ONCE = { slices: 1, sliceMs: 0, warmUpMs: 0 };

test('the yardstick is the one that the baseline was measured with', () => {
  expect(yardstick()).toBe(yardstick());
  expect(yardstick()).toMatchInlineSnapshot(`-11321106`);
});

test('a benchmark is ended, also when it fails', async () => {
  let ended = 0;
  const bench = (run: () => void) => ({
    ...{ name: 'one', unit: 'thing' },
    setUp: () => ({ unitsPerRun: 3, run, dispose: () => void ended++ }),
  });
  const result = await measure(
    bench(() => {}),
    ONCE,
  );
  expect(result).toMatchObject({ name: 'one', unit: 'thing', unitsPerRun: 3 });
  expect(result.runs).toBeGreaterThanOrEqual(1);
  const failing = bench(() => {
    throw new Error('it broke');
  });
  await expect(measure(failing, ONCE)).rejects.toThrow('it broke');
  expect(ended).toBe(2);
});

test('names tell benchmarks apart', () => {
  expect(new Set(BENCHES.map((b) => b.name)).size).toBe(BENCHES.length);
});
