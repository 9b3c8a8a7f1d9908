import type { ToolName } from '../../core/tool.ts';
import type { FamilyOptions } from '../families/index.ts';

export interface ScrapeOptions {
  /** The sweep is every combination of these lists. How many proxies. */
  targets: readonly number[];
  /** Series of each proxy's page. */
  series: readonly number[];
  /** How often each proxy is scraped, ms. */
  intervalsMs: readonly number[];
  /** Version profiles of the proxies. */
  versions: readonly string[];
  /** Share of the pods that are replaced each minute, 0 to 1. */
  churn: number;
  /** Whether the proxies compress their pages when asked to, as Prometheus does ask. */
  gzip: boolean;
  /** How long each point is measured; longer where that is fewer than four scrape intervals. */
  secondsPerPoint: number;
  /** Which points the model is not fitted to, but tested by: `auto`, about a fifth of them, the largest among them. */
  heldOut: 'auto' | 'none';
  /** At most so many points, spread over the sweep; null: all. */
  maxPoints: number | null;
  /** Whether a sweep that seems to need more memory than there is is refused; else that is said, and it is tried. */
  memoryCheck: boolean;
  /** What the model is to answer. */
  predictions: readonly AskedPrediction[];
  /** Whether the errors of rate(), success rate and p99 at several intervals are measured; `{ intervalsMs }`: at which. */
  accuracy: boolean | { intervalsMs?: readonly number[] };
  /** Whether the cost of each metric family is worked out. */
  families: boolean;
  /** The user's queries (`readQueries`): they need families, beside those that are known. Absent: none. */
  queries?: FamilyOptions['queries'];
  tools: Partial<Record<ToolName, string>>;
  seed: number;
  /** Folder of this benchmark alone; it is there. */
  runDir: string;
  /** Folder of an interrupted sweep, of which finished points are taken over; may be `runDir`. */
  resume: string | null;
  signal: AbortSignal;
  progress(line: string): void;
}

/** How many pods, each with so many others that it calls or is called by; how often they are scraped. */
export interface AskedPrediction {
  pods: number;
  edges: number;
  intervalMs: number;
  version: string;
}
