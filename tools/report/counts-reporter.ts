import type { Reporter, SerializedError, TestModule } from 'vitest/node';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Ends a test run with one line that is easy to find and to parse: `N passed, N failed`. A file that could not be loaded
 * and an error outside any test count as failures.
 */
export default class CountsReporter implements Reporter {
  readonly #print: (line: string) => void;

  constructor(options: { print?: (line: string) => void } = {}) {
    this.#print = options.print ?? ((line) => process.stdout.write(`${line}\n`));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const counts = countTests(modules);
    counts.failed += unhandledErrors.length;
    if (counts.skipped > 0) this.#print(`${counts.skipped} skipped`);
    this.#print(`${counts.passed} passed, ${counts.failed} failed`);
  }
}

export function countTests(modules: readonly TestModule[]): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    let failed = 0;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') counts.passed++;
      else if (state === 'failed') failed++;
      else counts.skipped++;
    }
    // It failed as a whole: it could not be loaded, or a hook threw.
    counts.failed += failed === 0 && module.state() === 'failed' ? 1 : failed;
  }
  return counts;
}
