import { HarnessError } from '../core/errors.ts';

/** The query had no sample where exactly one was needed. */
export class NoSampleError extends HarnessError {
  constructor(expr: string, atMs: number) {
    super('NO_SAMPLE', `no sample at ${new Date(atMs).toISOString()} for: ${expr}`, {
      hint: 'either nothing was counted in the window, or the window holds fewer than two scrapes',
    });
  }
}

/** The query had several samples where exactly one was needed. */
export class MultipleSamplesError extends HarnessError {
  readonly count: number;
  constructor(expr: string, atMs: number, count: number) {
    super('MULTIPLE_SAMPLES', `${count} samples at ${new Date(atMs).toISOString()} for: ${expr}`, {
      hint: 'aggregate the query until one series is left',
    });
    this.count = count;
  }
}
