import { EXIT, HarnessError } from '../../core/errors.ts';
import { parsePage } from '../../core/page-parser.ts';
import { concurrently } from './concurrently.ts';
import type { Kube } from './contract.ts';
import { ApiError } from './errors.ts';

/** What a container has used. */
export interface ContainerUsage {
  namespace: string;
  pod: string;
  container: string;
  /** Epoch ms, by the node's clock. */
  atMs: number;
  /** Since the container started. */
  cpuSeconds: number;
  /** Its working set: what it holds without what the kernel could drop at once (inactive pages of files). */
  residentBytes: number;
}

const CPU = 'container_cpu_usage_seconds_total';
const MEMORY = 'container_memory_working_set_bytes';

/**
 * What the containers of nodes have used, as their kubelets' resource metrics say it; they are in every cluster, and whoever
 * may `get` `nodes/proxy` reads them. A kubelet looks at each container every 10 to 15 s, at each at another moment: readings
 * may be 20 s old, each says when it was taken, and two requests may show the same one. (Its `/metrics/cadvisor` and
 * `/stats/summary` are of the same looks.)
 * @throws HarnessError USAGE_FORBIDDEN; USAGE_NOT_READ; CLUSTER_UNREACHABLE
 */
export async function kubeletUsage(kube: Pick<Kube, 'request'>, nodes: readonly string[]): Promise<ContainerUsage[]> {
  const pages = await concurrently(nodes, (node) => resourceMetrics(kube, node));
  return pages.flatMap(parseResourceMetrics);
}

async function resourceMetrics(kube: Pick<Kube, 'request'>, node: string): Promise<string> {
  try {
    return String(await kube.request('GET', `/api/v1/nodes/${node}/proxy/metrics/resource`));
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    const forbidden = cause.status === 401 || cause.status === 403;
    throw new HarnessError(
      forbidden ? 'USAGE_FORBIDDEN' : 'USAGE_NOT_READ',
      `what containers on ${node} have used ${forbidden ? 'may' : 'can'} not be read: ${cause.said}`,
      {
        hint: forbidden
          ? 'whoever the kubeconfig is of needs a ClusterRole that allows `get` of `nodes/proxy`'
          : `kubectl get --raw /api/v1/nodes/${node}/proxy/metrics/resource`,
        exitCode: EXIT.environment,
        cause,
      },
    );
  }
}

/** Containers of which the page has both processor time and memory. @throws HarnessError BAD_PAGE */
export function parseResourceMetrics(page: string): ContainerUsage[] {
  // Other families of the page (nodes, pods, swap) come and go with Kubernetes' versions.
  const lines = page.split('\n').filter((line) => line.startsWith(`${CPU}{`) || line.startsWith(`${MEMORY}{`));
  const { samples } = parsePage(lines.map((line) => `${line}\n`).join(''));
  const found = new Map<string, Partial<ContainerUsage>>();
  for (const [index, { name, labels, value }] of samples.entries()) {
    const { namespace = '', pod = '', container = '' } = labels;
    const key = `${namespace}/${pod}/${container}`;
    const usage = found.get(key) ?? { namespace, pod, container };
    found.set(key, usage);
    if (name === MEMORY) usage.residentBytes = value;
    else Object.assign(usage, { cpuSeconds: value, atMs: stampOf(lines[index]!) });
  }
  return [...found.values()].filter(isWhole);
}

/** A page without stamps would be of now, as Prometheus takes it; kubelets write them. */
function stampOf(line: string): number | undefined {
  const stamp = / (\d+)$/.exec(line.slice(line.lastIndexOf('}') + 2))?.[1];
  return stamp === undefined ? undefined : Number(stamp);
}

function isWhole(usage: Partial<ContainerUsage>): usage is ContainerUsage {
  return usage.cpuSeconds !== undefined && usage.atMs !== undefined && usage.residentBytes !== undefined;
}
