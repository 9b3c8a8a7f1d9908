import { HarnessError } from '../../../core/errors.ts';
import { PROXY_PORTS } from '../../../mesh/cluster/contract.ts';
import type { Kube, PodObject } from '../../kubernetes/contract.ts';
import { isLive } from '../../kubernetes/pod-state.ts';
import { hasSidecar } from '../injection-check.ts';

const BUILD_INFO = /^proxy_build_info\{(?:[^}]*,)?version="v?([^"]+)"/m;

/**
 * The version that the proxies of a namespace report of themselves (`proxy_build_info`), with `v`: that of the image's tag
 * is Linkerd's, not the proxy's.
 * @throws HarnessError PROXY_VERSION_UNKNOWN
 */
export async function readProxyVersion(kube: Kube, namespace: string, signal: AbortSignal): Promise<string> {
  const pods = await kube.list<PodObject>({ apiVersion: 'v1', kind: 'Pod' }, { namespace });
  // Not one that is being replaced.
  const pod = pods.filter(isLive).find(hasSidecar);
  if (!pod) throw unknown(`no pod in ${namespace} has a proxy`);
  const where = `${namespace}/${pod.metadata.name}`;
  const url = await kube.gateway(namespace, pod.metadata.name, PROXY_PORTS.admin);
  let page: string;
  try {
    const response = await fetch(`${url}/metrics`, { signal });
    page = await response.text();
    if (!response.ok) throw new Error(`status ${response.status}: ${page.slice(0, 200)}`);
  } catch (cause) {
    signal.throwIfAborted();
    throw unknown(`the proxy's page of ${where}: ${(cause as Error).message}`, cause);
  }
  const version = page.match(BUILD_INFO)?.[1];
  if (!version) throw unknown(`the proxy's page of ${where} has no proxy_build_info`);
  return `v${version}`;
}

function unknown(why: string, cause?: unknown): HarnessError {
  return new HarnessError('PROXY_VERSION_UNKNOWN', `the version of the proxies: ${why}`, {
    hint: 'look at port 4191, path /metrics, of a pod of the control plane',
    cause,
  });
}
