/** What reconciling ledgers may take. */

/** Of one size. */
export interface Reconciled {
  series: number;
  /** By the wall clock, median of the runs after the first. */
  seconds: number;
  /** Of the process in the same runs, those of the engine's own threads among them: what else runs on the machine counts for less. */
  cpuSeconds: number;
  /** The most that was resident beyond the process and its input. */
  peakBytes: number;
  /** What the input itself takes. */
  inputBytes: number;
}

export const BOUNDS = {
  /** Of the larger size. */
  seconds: 2,
  peakBytes: 500e6,
  /** Of CPU seconds, from the smaller size to one four times as large: linear is 4. */
  ratio: 5,
};

/** How much longer the second takes. */
export function ratioOf(small: Reconciled, large: Reconciled): number {
  return large.cpuSeconds / small.cpuSeconds;
}

/** What is beyond its bound, a sentence each; empty: nothing. */
export function beyond(small: Reconciled, large: Reconciled): string[] {
  const ratio = ratioOf(small, large);
  const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const growth = large.series / small.series;
  return [
    ...(large.seconds <= BOUNDS.seconds
      ? []
      : [`${large.series} series took ${large.seconds.toFixed(2)} s, more than ${BOUNDS.seconds} s`]),
    ...(large.peakBytes <= BOUNDS.peakBytes
      ? []
      : [`${large.series} series took ${mb(large.peakBytes)} above their input, more than ${mb(BOUNDS.peakBytes)}`]),
    ...(ratio < BOUNDS.ratio
      ? []
      : [
          `${growth.toFixed(1)} times as many series took ${ratio.toFixed(1)} times the CPU, not below ${BOUNDS.ratio}`,
        ]),
  ];
}
