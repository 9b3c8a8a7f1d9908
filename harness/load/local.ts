import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadLauncher } from '../core/load-job.ts';
import { type ResolvedTool, startTool } from '../core/tool.ts';
import { CONFIG_FILE, k6Args } from './command.ts';
import { k6Environment } from './environment.ts';

/** k6 on this machine: as a child of ours, or as the container that the tool is. */
export function launchLocalK6(k6: ResolvedTool): LoadLauncher {
  return async (job) => {
    writeFileSync(join(job.dir, CONFIG_FILE), '{}\n');
    return startTool(k6, {
      name: 'k6',
      args: k6Args(job),
      env: k6Environment(process.env),
      cwd: job.dir,
      logFile: join(job.dir, job.log),
      whenWeDie: 'SIGTERM',
    });
  };
}
