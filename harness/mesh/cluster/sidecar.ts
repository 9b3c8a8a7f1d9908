import { describe } from '../../core/errors.ts';
import { sidecarOptions } from './sidecar-env.ts';
import { runSidecar, type SidecarPod } from './sidecar-pod.ts';

/** The container `linkerd-proxy`: one pod's sidecar, told by its environment. Ends on SIGTERM with 0. */

const log = (line: string) => console.error(line);

let running: Promise<SidecarPod> | null = null;
let ending = false;

/** With everything closed nothing keeps the process: it ends by itself. */
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  // A stop that hangs must not keep the pod: it has its grace, we need none of it.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 5000).unref();
  await (await running?.catch(() => null))?.stop();
}

process.on('SIGTERM', () => void end());
process.on('SIGINT', () => void end());

try {
  running = runSidecar(sidecarOptions(process.env, log));
  const sidecar = await running;
  log('live');
  await sidecar.ready;
} catch (error) {
  if (!ending) {
    log(describe(error));
    process.exitCode = 1;
    await end();
  }
}
