import type { Topology } from '../../core/topology.ts';
import { type Cluster, CONTROL_PLANE_NAMESPACE, VIZ_NAMESPACE } from './contract.ts';

/** What a user types to look around in a cluster that is kept. */
export function howToLook(cluster: Cluster, topology: Topology): string[] {
  const [pod] = topology.pods;
  const namespaces = [...new Set(topology.pods.map((p) => p.namespace)), CONTROL_PLANE_NAMESPACE, VIZ_NAMESPACE];
  return [
    `cluster ${cluster.name}: export KUBECONFIG=${cluster.kubeconfig}`,
    `kubectl get pods --all-namespaces    (of the run: ${namespaces.join(', ')})`,
    ...(pod
      ? [`kubectl -n ${pod.namespace} port-forward ${pod.name} 4191    (then http://127.0.0.1:4191/metrics)`]
      : []),
    `kubectl -n ${VIZ_NAMESPACE} port-forward deploy/prometheus 9090`,
  ];
}
