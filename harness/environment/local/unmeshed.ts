import { turnName } from '../../core/load-turns.ts';
import type { Draft } from '../../faults/draft.ts';
import { bypassOutbound, entryOf, podsBehind } from '../../faults/pods/paths.ts';
import { editPods, findPod, podFaults } from '../../faults/targets.ts';
import { authorityOf } from '../../scenario/model.ts';

/**
 * No pod of the scenario has a proxy, the load generator's neither: each caller dials the apps behind a Service, one request
 * after the other in turn (in a cluster the kernel spreads them, connection by connection). The control plane stays.
 */
export function withoutProxies(draft: Draft): void {
  const pods = draft.topology.pods.flatMap(({ namespace, name }) => findPod(draft, namespace, name) ?? []);
  for (const pod of pods) podFaults(pod).absent = true;
  for (const pod of pods) bypassOutbound(draft, pod, null);
  for (const service of draft.scenario.services) {
    podsBehind(draft, service).forEach((pod, i) => {
      const { host, port } = entryOf(pod);
      draft.loadHosts[turnName(authorityOf(service), i)] = `${host}:${port}`;
    });
  }
  editPods(draft, pods, [{ op: 'without-proxy' }]);
}
