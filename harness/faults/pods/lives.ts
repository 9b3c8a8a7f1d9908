import { sleep } from '../../core/wait.ts';
import type { LocalFaults } from '../local-fault.ts';
import { editPods, podFaults, podsOf } from '../targets.ts';

/** Until a kubelet has a container up again that it restarts for the first time, ms. */
const RESTART_MS = 400;

/** How long proxies, their pods and their series live. */
export const LIFE_FAULTS: LocalFaults = {
  'retain-idle': {
    plan(spec, draft) {
      const pods = podsOf(spec, draft);
      const { afterMs } = spec.params;
      for (const pod of pods) podFaults(pod).retainIdleMs = afterMs;
      const value = `${afterMs}ms`;
      editPods(draft, pods, [{ op: 'proxy-env', name: 'LINKERD2_PROXY_METRICS_RETAIN_IDLE', value }]);
    },
  },
  'proxy-restart': {
    async begin(spec, { draft, mesh, signal }) {
      const pods = podsOf(spec, draft);
      await Promise.all(
        pods.map(({ namespace, name }) => mesh({ type: 'kill-pod', namespace, pod: name, alone: true })),
      );
      await sleep(RESTART_MS, signal);
      await Promise.all(pods.map(({ namespace, name }) => mesh({ type: 'start-pod', namespace, pod: name })));
    },
  },
  'short-lived-pod': {
    prepare(spec, draft) {
      for (const pod of podsOf(spec, draft)) pod.startsLater = true;
    },
    async begin(spec, { draft, mesh, signal }) {
      const pods = podsOf(spec, draft);
      await Promise.all(pods.map(({ namespace, name }) => mesh({ type: 'start-pod', namespace, pod: name })));
      await sleep(spec.params.livesForMs, signal);
      await Promise.all(pods.map(({ namespace, name }) => mesh({ type: 'delete-pod', namespace, pod: name })));
    },
  },
};
