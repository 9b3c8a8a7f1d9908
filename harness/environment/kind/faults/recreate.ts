import { DeadlineExceededError, describe, HarnessError } from '../../../core/errors.ts';
import { waitFor } from '../../../core/wait.ts';
import { type ClusterFault, concerns } from '../../../faults/cluster/possible.ts';
import { ANNOTATIONS } from '../../../mesh/cluster/contract.ts';
import { ADMISSION_LABEL } from '../../../mesh/cluster/manifests/webhook.ts';
import type { FaultOf } from '../../../scenario/fault.ts';
import { type Kube, LABELS, type PodObject } from '../../kubernetes/contract.ts';
import { waitForPods } from '../../kubernetes/ready.ts';
import { hasSidecar, tryPod } from '../injection-check.ts';

/** Faults that a pod is created with. */
export type CreatedWith = FaultOf<'not-injected'> | FaultOf<'admin-port-renamed'>;

/** The pods of one workload, in the order of their replicas. */
export interface WorkloadPods {
  workload: string;
  namespace: string;
  labelSelector: string;
  pods: PodObject[];
}

const ADMISSION_MS = 30_000;
const READY_MS = 90_000;
const MERGE = { contentType: 'application/merge-patch+json' };

export function isCreatedWith(fault: ClusterFault): fault is CreatedWith {
  return fault.type === 'not-injected' || fault.type === 'admin-port-renamed';
}

/**
 * Has those pods made anew that a fault concerns, while their namespace says what it takes: no admission, or another name of the
 * port. A Deployment's pods are all of one template; this is how some of them differ from the others.
 * @returns the workload's pods, the new ones in the places of those that they replace
 * @throws HarnessError FAULT_FAILED; what `waitForPods` throws
 */
export async function recreated(
  kube: Kube,
  of: WorkloadPods,
  fault: CreatedWith,
  options: { signal: AbortSignal; check?: () => void },
): Promise<PodObject[]> {
  const old = of.pods.filter((_, replica) => concerns(fault, of.workload, replica));
  const { change, back, shows } = wayOf(fault);
  const { namespace, labelSelector } = of;
  await patchNamespace(kube, namespace, change);
  let now: PodObject[];
  try {
    await admitted(kube, namespace, shows, `${fault.type} in ${namespace}`, options.signal);
    const refs = old.map(({ metadata }) => ({ apiVersion: 'v1', kind: 'Pod', namespace, name: metadata.name }));
    await kube.delete(refs, { graceSeconds: 0, signal: options.signal });
    now = await waitForPods(kube, {
      ...{ what: `pods of ${of.workload} with the fault ${fault.type}`, select: { namespace, labelSelector } },
      ...{ expected: of.pods.length, deadlineMs: READY_MS, ...options },
    });
  } finally {
    await patchNamespace(kube, namespace, back);
  }
  await admitted(kube, namespace, (pod) => !shows(pod), `the end of ${fault.type} in ${namespace}`, options.signal);
  const fresh = now.filter(({ metadata }) => !of.pods.some((pod) => pod.metadata.name === metadata.name));
  const wrong = fresh.find((pod) => !shows(pod));
  if (wrong || fresh.length !== old.length)
    throw failed(fault.type, `${fresh.length} pods were made anew of ${of.workload}`);
  return of.pods.map((pod) => (old.includes(pod) ? fresh.shift()! : pod));
}

interface Way {
  change: object;
  back: object;
  shows(pod: Pick<PodObject, 'spec'>): boolean;
}

function wayOf(fault: CreatedWith): Way {
  if (fault.type === 'not-injected') {
    const labels = (value: string | null) => ({ metadata: { labels: { [ADMISSION_LABEL]: value } } });
    return { change: labels('disabled'), back: labels(null), shows: (pod) => !hasSidecar(pod) };
  }
  const { name } = fault.params;
  const annotations = (value: string | null) => ({ metadata: { annotations: { [ANNOTATIONS.adminPortName]: value } } });
  const shows = ({ spec }: Pick<PodObject, 'spec'>) =>
    [...spec.containers, ...(spec.initContainers ?? [])].some(({ ports }) => ports?.some((port) => port.name === name));
  return { change: annotations(name), back: annotations(null), shows };
}

async function patchNamespace(kube: Kube, name: string, patch: object): Promise<void> {
  await kube.request('PATCH', `/api/v1/namespaces/${encodeURIComponent(name)}`, patch, MERGE);
}

/** Waits until a pod would be admitted so: the API server and the injector both remember namespaces for a while. */
async function admitted(
  kube: Kube,
  namespace: string,
  shows: Way['shows'],
  what: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await waitFor(async () => shows(await tryPod(kube, namespace, signal)) || undefined, {
      ...{ what, deadlineMs: ADMISSION_MS, everyMs: 100, signal },
      hint: 'see the log of the pods with the label linkerd.io/control-plane-component=proxy-injector',
    });
  } catch (error) {
    if (!(error instanceof DeadlineExceededError)) throw error;
    throw failed(what, describe(error), error);
  }
}

function failed(what: string, why: string, cause?: unknown): HarnessError {
  return new HarnessError('FAULT_FAILED', `${what}: ${why}`, {
    hint: `something else makes pods in this namespace, or the injector is not well; look at objects with the label ${LABELS.run}`,
    cause,
  });
}
