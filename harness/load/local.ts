import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadJob, LoadLauncher } from '../core/load-job.ts';
import type { ChildSpec } from '../core/process.ts';
import { type ResolvedTool, startTool } from '../core/tool.ts';
import { CONFIG_FILE, k6Args } from './command.ts';
import { k6Environment } from './environment.ts';

/** k6 on this machine: as a child of ours, or as the container that the tool is. */
export function launchLocalK6(k6: ResolvedTool): LoadLauncher {
  return async (job) => startTool(k6, k6Spec(job));
}

/** How k6 is started for a job, whatever k6 it is; puts k6's configuration into the job's folder. */
export function k6Spec(job: LoadJob): Omit<ChildSpec, 'file' | 'ipc'> {
  writeFileSync(join(job.dir, CONFIG_FILE), '{}\n');
  return {
    name: 'k6',
    args: k6Args(job),
    env: k6Environment(process.env),
    cwd: job.dir,
    logFile: join(job.dir, job.log),
    whenWeDie: 'SIGTERM',
  };
}
