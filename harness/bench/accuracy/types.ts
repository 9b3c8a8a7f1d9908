import type { ResolvedTool } from '../../core/tool.ts';

export interface AccuracyOptions {
  /** The Prometheus whose PromQL is judged. */
  tool: Pick<ResolvedTool, 'path' | 'start'>;
  /** Made; Prometheus' data, configuration and log go there. */
  dir: string;
  seed: number;
  signal: AbortSignal;
  /** Default 5, 10, 15, 30 and 60 s. */
  intervalsMs?: readonly number[];
  /** Of virtual time, ms. Default one hour. */
  spanMs?: number;
  /** A loopback address. Default 127.0.0.1. */
  host?: string;
  /** Told what is being done. */
  progress?: (text: string) => void;
}
