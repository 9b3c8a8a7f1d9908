import { describe, expect, test } from 'vitest';
import { BENCHES } from './benches/index.ts';

describe('every benchmark runs', () => {
  test.each(BENCHES.filter((b) => !b.name.includes('200 thousand')).map((b) => [b.name, b] as const))(
    '%s',
    async (_name, bench) => {
      const ready = await bench.setUp();
      try {
        expect(ready.unitsPerRun).toBeGreaterThan(0);
        await ready.run();
      } finally {
        await ready.dispose?.();
      }
    },
  );
});
