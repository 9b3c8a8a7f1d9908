import type { LoadJob } from '../core/load-job.ts';

/** What a job's files are called. */
export const JOB_FILES = {
  script: 'k6-script.js',
  journal: 'k6.journal',
  summary: 'k6-summary.json',
  log: 'k6.log',
} as const;

/** An empty one, in the job's folder, in place of the one in the user's home: `{}`. */
export const CONFIG_FILE = 'k6-config.json';

/** k6's command line for a job, run in its folder. Switched off: k6's REST API, its own judgement, its display. */
export function k6Args(job: Pick<LoadJob, 'script' | 'journal'>): string[] {
  return [
    ...['run', '--address', '', '--config', CONFIG_FILE, '--quiet', '--no-color', '--no-thresholds'],
    ...['--console-output', job.journal, '--log-format', 'raw', job.script],
  ];
}
