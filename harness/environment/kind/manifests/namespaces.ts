import type { Scenario } from '../../../scenario/model.ts';
import type { KubernetesObject } from '../../kubernetes/contract.ts';

/** Annotated nothing: pods say themselves what they want of the mesh. */
export function namespace(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** Those of a scenario's services. */
export function namespaces(scenario: Scenario): KubernetesObject[] {
  return [...new Set(scenario.services.map((service) => service.namespace))].map(namespace);
}
