import { EXIT, HarnessError } from '../../../core/errors.ts';
import type { Scenario, ServiceSpec } from '../../../scenario/model.ts';
import type { Kube, ListOptions, PodObject } from '../../kubernetes/contract.ts';
import { waitForPods } from '../../kubernetes/ready.ts';
import type { Images } from '../contract.ts';
import { namespaces } from '../manifests/namespaces.ts';
import { policyObjects } from '../manifests/policies.ts';
import { routingObjects } from '../manifests/routing.ts';
import { podLabels, workloadObjects } from '../manifests/workload.ts';
import { waitUntilAccepted } from './accepted.ts';
import { DEFAULT_NAMESPACE, type DeployContext, deploy } from './deploy.ts';

const READY_MS = 60_000;
/** Each pod has a sidecar and a Node process to start, on a machine that may have two cores. */
const READY_MS_PER_POD = 4000;

/**
 * The services of a scenario, in the cluster and all of their pods ready.
 * @returns all their pods; `podsByService` says whose each is
 * @throws HarnessError LABELS_AMBIGUOUS, POLICY_NOT_POSSIBLE; what `deploy` and `waitForPods` throw
 */
export async function deployServices(
  kube: Kube,
  scenario: Scenario,
  images: Pick<Images, 'service'>,
  context: DeployContext,
): Promise<PodObject[]> {
  refuseAmbiguous(scenario.services);
  const names = namespaces(scenario).map(({ metadata }) => metadata.name);
  const objects = scenario.services.flatMap((service) =>
    workloadObjects(scenario, service, images, context.mesh.kind, context.exposed, context.rolledOut),
  );
  // Before the pods: a proxy that asks gets its policy with the first answer.
  const policies = [...routingObjects(scenario), ...policyObjects(scenario)];
  await deploy(kube, names, [...policies, ...objects], context);
  if (context.mesh.kind === 'linkerd') await waitUntilAccepted(kube, policies, context);
  const expected = scenario.services.reduce((sum, service) => sum + service.replicas, 0);
  return waitForPods(kube, {
    what: 'the services of the scenario',
    select: selections(scenario, names),
    expected,
    deadlineMs: READY_MS + expected * READY_MS_PER_POD,
    signal: context.signal,
    check: context.check,
  });
}

/** All pods of the namespaces that are ours alone; in the one that every cluster has, those of our services. */
function selections(scenario: Scenario, names: string[]): ListOptions[] {
  return names.flatMap((name) =>
    name === DEFAULT_NAMESPACE
      ? scenario.services.filter(({ namespace }) => namespace === name).map(selectionOf)
      : [{ namespace: name }],
  );
}

/** Which pods are a service's. */
export function selectionOf(service: ServiceSpec): { namespace: string; labelSelector: string } {
  const labelSelector = Object.entries(podLabels(service))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  return { namespace: service.namespace, labelSelector };
}

/** The pods of each service, by its qualified name: its replicas, numbered in the order of their names. */
export function podsByService(scenario: Scenario, pods: readonly PodObject[]): Map<string, PodObject[]> {
  const ordered = pods.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return new Map(
    scenario.services.map((service) => [service.id, ordered.filter((pod) => isOf(service, pod.metadata))]),
  );
}

function isOf(service: ServiceSpec, pod: { namespace?: string; labels?: Record<string, string> }): boolean {
  return pod.namespace === service.namespace && selects(podLabels(service), pod.labels ?? {});
}

function selects(selector: Record<string, string>, labels: Record<string, string>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** Labels of a scenario may make one service's pods another's too: in a cluster each would get the other's requests. */
function refuseAmbiguous(services: readonly ServiceSpec[]): void {
  for (const one of services) {
    const other = services.find(
      (each) => each !== one && each.namespace === one.namespace && selects(podLabels(one), podLabels(each)),
    );
    if (!other) continue;
    throw new HarnessError('LABELS_AMBIGUOUS', `the labels of ${one.id} select the pods of ${other.id} too`, {
      hint: 'leave the label `app` alone: by default it is the name of the service, and tells services apart',
      exitCode: EXIT.invalidInput,
    });
  }
}
