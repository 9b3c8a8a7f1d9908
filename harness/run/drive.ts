import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PodInfo } from '../core/topology.ts';
import { abortable } from '../core/wait.ts';
import type { RunningEnvironment, ScenarioContext } from '../environment/contract.ts';
import { launchLocalK6 } from '../load/local.ts';
import { planLoad } from '../load/plan.ts';
import { type K6Result, type LoadProgress, runK6 } from '../load/run.ts';
import { LOAD_WORKLOAD, type Scenario } from '../scenario/model.ts';

export interface DriveOptions {
  /** Told once, a little before: when traffic begins, epoch ms. */
  onOrigin?: (originMs: number) => void;
  onProgress?: (traffic: LoadProgress) => void;
  /** Given what k6 has measured as soon as it has ended, even when it was told to stop. */
  onEnd?: (k6: K6Result) => void;
}

/** Lets k6 work on a scenario that is up; its files go to `k6/` of the context's folder. Resolves when all that the timeline holds is over. */
export async function drive(
  scenario: Scenario,
  env: RunningEnvironment,
  context: ScenarioContext,
  options: DriveOptions,
): Promise<K6Result> {
  const dir = join(context.dir, 'k6');
  await mkdir(dir, { recursive: true });
  let origin: Promise<void> = Promise.resolve();
  const stop = new AbortController();
  const k6 = await runK6({
    launch: env.load.launch ?? launchLocalK6(await context.tool('k6')),
    plan: planLoad(scenario, { ...env.load, pod: loadPod(env) }),
    dir,
    signal: AbortSignal.any([context.signal, stop.signal]),
    onOrigin(originMs) {
      origin = env.setOrigin(originMs);
      origin.catch((error) => stop.abort(error));
      options.onOrigin?.(originMs);
    },
    onProgress(traffic) {
      context.progress({ kind: 'traffic', ...traffic });
      options.onProgress?.(traffic);
    },
  });
  options.onEnd?.(k6);
  context.signal.throwIfAborted();
  await abortable(origin, context.signal);
  await abortable(env.settled(), context.signal);
  return k6;
}

/** The load generator's pod; a name for its journal where it is none. */
function loadPod(env: RunningEnvironment): string {
  return loadInMesh(env)?.name ?? 'outside';
}

function loadInMesh(env: RunningEnvironment): PodInfo | undefined {
  return env.topology.pods.find((p) => p.workload === LOAD_WORKLOAD.id);
}
