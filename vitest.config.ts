import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const cores = availableParallelism();
const INTEGRATION = '**/*.integration.test.ts';
/** Those that need a Docker engine: vitest.kind.config.ts. */
const ELSEWHERE = '**/*.{docker,kind}.test.ts';

export default defineConfig({
  test: {
    reporters: ['default', './tools/report/counts-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{harness,sim-services,tools}/**/*.test.ts'],
          exclude: [INTEGRATION, ELSEWHERE],
          setupFiles: ['./tools/vitest/seed.ts'],
          testTimeout: 20_000,
          maxWorkers: cores,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: [`{harness,sim-services,tools}/${INTEGRATION}`],
          setupFiles: ['./tools/vitest/seed.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Each starts programs of its own (k6, Prometheus, a mesh): one file for two cores.
          maxWorkers: Math.max(1, Math.floor(cores / 2)),
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
