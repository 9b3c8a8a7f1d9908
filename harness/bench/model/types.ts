import type { Machine, ScrapePrediction } from '../../result/bench/types.ts';

export type Asked = ScrapePrediction['asked'];

/** Of a shape of pages, what a prediction needs. */
export interface PageSize {
  /** Of one page. */
  series: number;
  /** Of one page, uncompressed. */
  bytes: number;
}

/** What Prometheus would run on; absent: nothing is said of what would not fit. */
export type Room = Pick<Machine, 'cores' | 'memoryBytes'>;
