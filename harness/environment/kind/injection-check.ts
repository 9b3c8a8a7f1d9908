import { DeadlineExceededError, describe, HarnessError } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { ANNOTATIONS } from '../../mesh/cluster/contract.ts';
import type { Kube, KubernetesObject, PodObject } from '../kubernetes/contract.ts';

const EVERY_MS = 250;
/**
 * Pods at once: more than the API server has connections to spare, so that each of the addresses behind the webhook's Service is
 * asked, one that just went away among them (a single pod is answered by whichever address is asked).
 */
const AT_ONCE = 8;

/**
 * Waits until pods get their sidecar: several that ask for injection are created for trial at once (dry run, nothing remains)
 * until all come back with one. Webhooks fail open, so that without this look pods would come up unmeshed and nobody would know.
 * @param namespace an existing one in which injection is not forbidden
 * @throws HarnessError INJECTOR_NOT_WORKING with what came back last; the signal's reason
 */
export async function waitForInjection(
  kube: Kube,
  namespace: string,
  options: { deadlineMs: number; signal: AbortSignal },
): Promise<void> {
  try {
    await waitFor(
      async (seen) => {
        const pods = await Promise.all(Array.from({ length: AT_ONCE }, () => tryPod(kube, namespace, options.signal)));
        const bare = pods.filter((pod) => !hasSidecar(pod)).length;
        if (bare === 0) return true;
        seen(`${bare} of ${AT_ONCE} pods were admitted as they are: the webhook was not asked or did not answer`);
        return undefined;
      },
      {
        what: `injection of a pod in ${namespace}`,
        deadlineMs: options.deadlineMs,
        everyMs: EVERY_MS,
        signal: options.signal,
        hint: 'see the log of the pods with the label linkerd.io/control-plane-component=proxy-injector',
      },
    );
  } catch (error) {
    if (!(error instanceof DeadlineExceededError)) throw error;
    throw new HarnessError(
      'INJECTOR_NOT_WORKING',
      `pods in ${namespace} get no sidecar after ${options.deadlineMs} ms: ${describe(error.lastSeen)}`,
      { hint: error.hint, cause: error.cause },
    );
  }
}

/** Whether a pod has the proxy: as a native sidecar or as an ordinary container. */
export function hasSidecar(pod: Pick<PodObject, 'spec'>): boolean {
  const { containers, initContainers = [] } = pod.spec;
  return [...containers, ...initContainers].some(({ name }) => name === 'linkerd-proxy');
}

/** What admission would make of a pod that asks for injection, were it created in a namespace now. */
export async function tryPod(kube: Kube, namespace: string, signal: AbortSignal): Promise<PodObject> {
  const pod: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'meshproof-injection-check', annotations: { [ANNOTATIONS.inject]: 'enabled' } },
    spec: { containers: [{ name: 'app', image: 'none', ports: [{ containerPort: 8080 }] }] },
  };
  return (await kube.request('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod, { signal })) as PodObject;
}
