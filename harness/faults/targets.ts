import { EXIT, HarnessError } from '../core/errors.ts';
import type { MeshPodConfig, PodEdit, PodFaults } from '../mesh/contract.ts';
import type { ScrapeConfig } from '../prometheus/scrape-config.ts';
import type { FaultSpec } from '../scenario/fault.ts';
import type { Draft } from './draft.ts';

/** The job by which linkerd-viz scrapes proxies; faults may call it otherwise. */
export const PROXY_JOB = 'linkerd-proxy';
export const CONTROLLER_JOB = 'linkerd-controller';

/**
 * The pods that a fault is about: those of its service, or one replica; without a service every pod of the topology.
 * @throws HarnessError FAULT_WITHOUT_PODS
 */
export function podsOf(spec: Pick<FaultSpec, 'service' | 'replica' | 'type'>, draft: Draft): MeshPodConfig[] {
  const named = draft.topology.pods.filter(
    (pod) =>
      (spec.service === null || pod.workload === spec.service) &&
      (spec.replica === null || pod.replica === spec.replica),
  );
  const pods = named.flatMap(({ namespace, name }) => findPod(draft, namespace, name) ?? []);
  if (pods.length > 0) return pods;
  throw new HarnessError('FAULT_WITHOUT_PODS', `fault ${spec.type}: ${spec.service} has no such pod`, {
    hint: 'name a service of the scenario and one of its replicas, counted from 0',
    exitCode: EXIT.invalidInput,
  });
}

export function findPod(draft: Draft, namespace: string, name: string): MeshPodConfig | undefined {
  return draft.mesh.pods.find((pod) => pod.namespace === namespace && pod.name === name);
}

/** Pods of the control plane. */
export function controlPlanePods(draft: Draft): MeshPodConfig[] {
  return draft.mesh.pods.filter((pod) => pod.component !== null);
}

/** Changes how the API shows these pods. */
export function editPods(draft: Draft, pods: readonly { namespace: string; name: string }[], edits: PodEdit[]): void {
  const faults = clusterFaults(draft);
  faults.pods ??= [];
  for (const { namespace, name } of pods) {
    const known = faults.pods.find((pod) => pod.namespace === namespace && pod.name === name);
    if (known) known.edits.push(...edits);
    else faults.pods.push({ namespace, name, edits: [...edits] });
  }
}

/** What is wrong with the cluster's API, to be added to. */
export function clusterFaults(draft: Draft): NonNullable<Draft['mesh']['clusterFaults']> {
  draft.mesh.clusterFaults ??= {};
  return draft.mesh.clusterFaults;
}

/** What is wrong with a pod's proxy, to be added to. */
export function podFaults(pod: MeshPodConfig): PodFaults {
  pod.faults ??= {};
  return pod.faults;
}

/** @throws HarnessError FAULT_WITHOUT_JOB */
export function jobOf(draft: Draft, name: string): ScrapeConfig {
  const jobs = draft.prometheus.scrape_configs;
  const job = jobs.find((each) => each.job_name === name);
  if (job) return job;
  throw new HarnessError('FAULT_WITHOUT_JOB', `Prometheus has no scrape job ${name}`, {
    hint: `it has ${jobs.map((each) => each.job_name).join(', ')}`,
    exitCode: EXIT.invalidInput,
  });
}
