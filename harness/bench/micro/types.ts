/** One benchmark, before it is set up. */
export interface Bench {
  name: string;
  /** What one unit is. */
  unit: string;
  /** Fewer than others have, where one run takes long. */
  slices?: number;
  /** @throws whatever it needs and has not */
  setUp(): Promise<Ready> | Ready;
}

export interface Ready {
  unitsPerRun: number;
  run(): unknown;
  /** Ends what `setUp` has started. */
  dispose?(): Promise<void> | void;
}

/** How long is measured. */
export interface Effort {
  /** In each, the yardstick and then the benchmark. */
  slices: number;
  /** Of the benchmark in each slice, ms; at least one run. */
  sliceMs: number;
  /** Before the first slice, ms. */
  warmUpMs: number;
}
