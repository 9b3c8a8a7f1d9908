import type { ToolProcess } from './tool.ts';

/**
 * One run of k6: an existing folder with the script and what it reads in it, where journal, summary and log appear while it goes on. Whoever
 * runs k6 elsewhere brings those there and the others back, the journal as it grows.
 */
export interface LoadJob {
  dir: string;
  /** Names of files in `dir`. */
  script: string;
  journal: string;
  summary: string;
  log: string;
  /** Further files that the script reads. */
  files?: string[];
}

/** Starts k6 for a job. @throws HarnessError when it can't be started */
export type LoadLauncher = (job: LoadJob) => Promise<ToolProcess>;
