import { EXIT, HarnessError } from '../../../core/errors.ts';
import { LOAD_WORKLOAD } from '../../../scenario/model.ts';
import type { UsageReading } from '../../contract.ts';
import type { ContainerStatus, Kube, PodObject } from '../../kubernetes/contract.ts';
import { kubeletUsage } from '../../kubernetes/usage.ts';
import { CONTROL_PLANE_NAMESPACE } from '../contract.ts';
import type { Docker } from '../docker.ts';
import { type CgroupUsage, cgroupUsage } from './cgroups.ts';

export interface UsageParts {
  kube: Pick<Kube, 'list' | 'request'>;
  docker: Pick<Docker, 'exec'>;
  /** Of the cluster. */
  nodes: readonly string[];
  /** The scenario's pods, services and load generator, as they are now. */
  pods(): readonly { namespace: string; name: string }[];
  prometheus: { namespace: string; name: string };
}

/** A container that runs, and where it is counted. */
interface Running {
  part: UsageReading['part'];
  namespace: string;
  pod: string;
  container: string;
  /** Without `containerd://`. */
  id: string;
  node: string;
}

/**
 * What the containers of the scenario's own pods and of the control plane have used: as of now, from the nodes' cgroups; of
 * those that these don't show, as of some seconds ago, from the kubelets. Both read the same counters of the kernel, so that
 * differences of readings hold across the two; each reading says of when it is.
 * @throws HarnessError USAGE_FORBIDDEN, USAGE_NOT_READ; CLUSTER_UNREACHABLE
 */
export async function readUsage(parts: UsageParts): Promise<UsageReading[]> {
  const [running, fresh] = await Promise.all([runningContainers(parts), countedOn(parts.nodes, parts.docker)]);
  const unseen = running.filter(({ id }) => !fresh.has(id));
  const older = unseen.length > 0 ? await kubeletUsage(parts.kube, [...new Set(unseen.map(({ node }) => node))]) : [];
  const readings = running.flatMap(({ id, part, namespace, pod, container }): UsageReading[] => {
    const is = (one: { namespace: string; pod: string; container: string }) =>
      one.namespace === namespace && one.pod === pod && one.container === container;
    const usage = fresh.get(id) ?? older.find(is);
    if (!usage) return [];
    const { atMs, cpuSeconds, residentBytes } = usage;
    return [{ part, name: `${namespace}/${pod}/${container}`, atMs, cpuSeconds, residentBytes }];
  });
  if (readings.length > 0) return readings;
  throw new HarnessError('USAGE_NOT_READ', `what ${running.length} containers have used is not known anywhere`, {
    hint: 'neither the cgroups of the nodes nor the resource metrics of their kubelets have them',
    exitCode: EXIT.environment,
  });
}

/** By container id. A node that can't be asked has none. */
async function countedOn(nodes: readonly string[], docker: Pick<Docker, 'exec'>): Promise<Map<string, CgroupUsage>> {
  const none = new Map<string, CgroupUsage>();
  const counted = await Promise.all(nodes.map((node) => cgroupUsage(docker, node).catch(() => none)));
  return new Map(counted.flatMap((of) => [...of]));
}

async function runningContainers({ kube, pods, prometheus }: UsageParts): Promise<Running[]> {
  const scenario = new Set([...pods(), prometheus].map(({ namespace, name }) => `${namespace}/${name}`));
  const namespaces = new Set([...pods(), prometheus].map(({ namespace }) => namespace)).add(CONTROL_PLANE_NAMESPACE);
  const lists = await Promise.all(
    [...namespaces].map((namespace) => kube.list<PodObject>({ apiVersion: 'v1', kind: 'Pod' }, { namespace })),
  );
  return lists.flat().flatMap((pod) => {
    const { namespace = '', name } = pod.metadata;
    if (namespace !== CONTROL_PLANE_NAMESPACE && !scenario.has(`${namespace}/${name}`)) return [];
    const { containerStatuses = [], initContainerStatuses = [] } = pod.status;
    const node = pod.spec.nodeName ?? '';
    return [...initContainerStatuses, ...containerStatuses].filter(runs).map((status) => ({
      ...{ part: partOf(namespace, status.name), namespace, pod: name, container: status.name, node },
      id: status.containerID!.replace(/^.*:\/\//, ''),
    }));
  });
}

function runs({ containerID, state }: ContainerStatus): boolean {
  return containerID !== undefined && state?.running !== undefined;
}

/** The control plane's own sidecars are of the control plane: no request of the scenario passes them. */
function partOf(namespace: string, container: string): UsageReading['part'] {
  if (namespace === CONTROL_PLANE_NAMESPACE) return 'control-plane';
  if (container === 'linkerd-proxy') return 'proxy';
  if (container === 'prometheus') return 'prometheus';
  if (container === LOAD_WORKLOAD.name) return 'load';
  return container === 'app' ? 'app' : 'harness';
}
