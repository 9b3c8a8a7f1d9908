/** What a run tells whoever watches it while it goes on. */
export type ProgressEvent =
  /** A scenario comes to its next part: `start`, `traffic`, `last scrape`, ... */
  | { kind: 'phase'; phase: string }
  | { kind: 'step'; step: string; state: 'start' | 'done'; detail?: string; ms?: number }
  | { kind: 'traffic'; sent: number; failed: number; remainingMs: number };
