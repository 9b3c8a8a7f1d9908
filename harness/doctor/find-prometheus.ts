import { EXIT, HarnessError } from '../core/errors.ts';
import type { PodObject } from '../environment/kubernetes/contract.ts';

const PORT = 9090;

/** A pod that is a Prometheus, with the port of its API. */
export interface PrometheusPod {
  pod: PodObject;
  port: number;
}

/**
 * linkerd-viz's Prometheus among the pods of a cluster: by the chart's labels; where nobody has them, the only one that runs.
 * @throws HarnessError PROMETHEUS_NOT_FOUND
 */
export function findPrometheus(pods: readonly PodObject[]): PrometheusPod {
  const all = pods.filter((pod) => pod.status.phase === 'Running' && isPrometheus(pod));
  const ofViz = all.filter(
    ({ metadata: { labels = {} } }) => labels['linkerd.io/extension'] === 'viz' && labels.component === 'prometheus',
  );
  const [found, another] = ofViz.length > 0 ? ofViz : all;
  if (found && !another) return { pod: found, port: portOf(found) };
  const names = [found, ...(ofViz.length > 0 ? ofViz : all).slice(1)].flatMap((pod) =>
    pod ? `${pod.metadata.namespace}/${pod.metadata.name}` : [],
  );
  throw new HarnessError(
    'PROMETHEUS_NOT_FOUND',
    names.length > 0
      ? `${names.length} pods may be the Prometheus that is meant: ${names.join(', ')}`
      : "no pod of this cluster is linkerd-viz's Prometheus, or any other",
    { hint: 'say where it is: --prometheus http://...', exitCode: EXIT.environment },
  );
}

/** The pod that says of itself what Prometheus says of its host. @param hostname of /api/v1/status/runtimeinfo */
export function podOfHost(pods: readonly PodObject[], hostname: string | undefined): PodObject | null {
  const found = pods.filter(({ metadata }) => metadata.name === hostname);
  return found.length === 1 && isPrometheus(found[0]!) ? found[0]! : null;
}

function isPrometheus({ spec }: PodObject): boolean {
  return spec.containers.some(
    ({ name, image = '' }) => name === 'prometheus' || /(?:^|\/)prometheus(?:[:@]|$)/.test(image),
  );
}

function portOf({ spec }: PodObject): number {
  const container = spec.containers.find(({ name }) => name === 'prometheus');
  const ports = container?.ports ?? [];
  const named = ports.find(({ name = '' }) => ['admin', 'admin-http', 'web', 'http', 'http-web'].includes(name));
  return (named ?? ports[0])?.containerPort ?? PORT;
}
