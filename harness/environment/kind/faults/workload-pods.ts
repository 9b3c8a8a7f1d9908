import { LOAD_WORKLOAD, type Scenario } from '../../../scenario/model.ts';
import type { PodObject } from '../../kubernetes/contract.ts';
import { LOAD_LABELS } from '../manifests/load.ts';
import { podsByService, selectionOf } from '../steps/services.ts';
import type { WorkloadPods } from './recreate.ts';

/** The pods of a scenario's workloads and of its load generator, each in the order of their replicas. */
export function workloadPods(
  scenario: Scenario,
  pods: readonly PodObject[],
  loadPod: PodObject | null,
): WorkloadPods[] {
  const byService = podsByService(scenario, pods);
  const services = scenario.services.map((service) => ({
    workload: service.id,
    ...selectionOf(service),
    pods: byService.get(service.id) ?? [],
  }));
  if (!loadPod) return services;
  const { id: workload, namespace } = LOAD_WORKLOAD;
  return [...services, { workload, namespace, labelSelector: `app=${LOAD_LABELS.app}`, pods: [loadPod] }];
}
