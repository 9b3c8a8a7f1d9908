import { defineConfig } from 'vitest/config';

/** Tests that need a Docker engine, most of them a cluster: `make test-kind`. One after the other: they share the cluster. */
export default defineConfig({
  test: {
    reporters: ['default', './tools/report/counts-reporter.ts'],
    include: ['{harness,sim-services}/**/*.{docker,kind}.test.ts'],
    globalSetup: ['harness/run/testing/kind-cluster.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
