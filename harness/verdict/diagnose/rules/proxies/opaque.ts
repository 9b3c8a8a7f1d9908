import { DEFAULT_OPAQUE_PORTS } from '../../../../core/policy.ts';
import type { ServiceInfo } from '../../../../core/topology.ts';
import type { DiagnosisInput, Finding, Rule } from '../../types.ts';
import {
  annotationOf,
  appPortsOf,
  counted,
  listsPort,
  namespaceAnnotation,
  type PodView,
  podViews,
  sumOf,
} from './view.ts';

const OPAQUE = 'config.linkerd.io/opaque-ports';

/** HTTP that is forwarded as bytes, because somebody has declared its port opaque. Without a run nobody knows what is spoken. */
export const portOpaque: Rule = {
  causes: ['port-opaque'],
  needs: ['services', 'pods', 'namespaces', 'pages', 'truth'],
  diagnose(input) {
    const { run } = input;
    if (run === null) return [];
    const views = podViews(input);
    return run.input.topology.services
      .filter((service) => !declaredOpaque(input, service))
      .flatMap((service) => opaqueService(input, service, views) ?? []);
  },
};

/** Whether the scenario says that nothing detects HTTP there. */
function declaredOpaque({ run }: DiagnosisInput, { workload, port, outboundPolicy }: ServiceInfo): boolean {
  const declared = run!.input.topology.workloads.find(({ id }) => id === workload);
  return (
    outboundPolicy?.opaque === true ||
    declared?.protocol === 'tcp' ||
    declared?.inboundPolicy?.servers.some(({ protocol }) => protocol === 'opaque' || protocol === 'TLS') === true ||
    DEFAULT_OPAQUE_PORTS.includes(port)
  );
}

function opaqueService(input: DiagnosisInput, service: ServiceInfo, views: readonly PodView[]): Finding | undefined {
  const pods = views.filter(({ declared }) => declared?.workload === service.workload);
  const made = (view: PodView) => view.journals.flatMap((j) => j.made).filter((m) => m.callee === service.id).length;
  const callers = views.filter((view) => made(view) > 0);
  const asked = callers.reduce((sum, view) => sum + made(view), 0);
  const lists = annotations(input, service, pods);
  const shown = [
    ...callers.flatMap((view) => atCaller(view, service, lists) ?? []),
    ...pods.flatMap((view) => atServer(view, lists) ?? []),
  ];
  // Where pages can be read they decide: an annotation that is younger than the pods does nothing yet.
  const blind = [...callers, ...pods].every(({ page }) => page === null);
  if (asked === 0 || (shown.length === 0 && !(blind && lists.length > 0))) return undefined;
  return {
    causes: ['port-opaque'],
    pods: pods.map(({ key }) => key),
    subject: `${service.id} port ${service.port}`,
    summary: `Port ${service.port} of ${service.id} is opaque: ${counted(asked, 'HTTP request')} went through proxies as bytes, which count connections alone.`,
    evidence: [
      ...lists.map(({ value, at }) => `${OPAQUE} of ${at} is "${value}"`),
      ...shown,
      `callers made ${counted(asked, 'HTTP request')} to ${service.id} (truth)`,
    ],
    remedy: [
      lists.length > 0
        ? `Take the port out of ${OPAQUE} of ${lists.map(({ at }) => at).join(' and ')}, and restart pods whose own annotation it is.`
        : `Find where ${OPAQUE} names port ${service.port}: Service ${service.id}, its pods or its namespace.`,
    ],
  };
}

/** The caller's proxy was told so; one that does not count protocols (before 2.18) shows connections and no request. */
function atCaller(view: PodView, service: ServiceInfo, lists: readonly Annotation[]): string | undefined {
  const opaque = opaqueConnections(view, service);
  const requests = sumOf(view.page, 'request_total', isTo(service));
  const connections = sumOf(view.page, 'tcp_open_total', isTo(service));
  if (opaque > 0) {
    return `${view.key} has ${opaque} opaque connections and ${requests} requests to ${service.id} (outbound_tcp_protocol_connections_total{protocol="opaq"} and request_total of its page)`;
  }
  if (lists.length === 0 || connections === 0 || requests > 0) return undefined;
  return `${view.key} has ${connections} connections to ${service.id} and no request (tcp_open_total and request_total of its page)`;
}

/** The server's own proxy was told so, by an annotation of its pod. */
function atServer(view: PodView, lists: readonly Annotation[]): string | undefined {
  if (!lists.some(({ at }) => at === `pod ${view.key}` || at === `namespace ${view.namespace}`)) return undefined;
  const onPort = (l: Record<string, string>) =>
    l.direction === 'inbound' && l.target_port === String(view.declared?.appPort);
  const connections = sumOf(view.page, 'tcp_open_total', onPort);
  if (connections === 0 || sumOf(view.page, 'request_total', onPort) > 0) return undefined;
  return `${view.key} has ${connections} connections on its app's port and no request (tcp_open_total and request_total of its page)`;
}

type Annotation = { value: string; at: string };

/** Annotations that name the port: of the Service, for its callers; of the pods, for themselves; each else of the namespace. */
function annotations(input: DiagnosisInput, service: ServiceInfo, pods: readonly PodView[]): Annotation[] {
  const object = input.evidence.cluster.services?.find(
    ({ metadata }) => metadata.namespace === service.namespace && metadata.name === service.name,
  );
  const own = object?.metadata.annotations?.[OPAQUE];
  const ofService =
    own === undefined
      ? namespaceAnnotation(input, service.namespace, OPAQUE)
      : { value: own, at: `service ${service.id}` };
  const found = ofService && listsPort(ofService.value, service.port) ? [ofService] : [];
  for (const pod of pods) {
    const list = annotationOf(input, pod, OPAQUE);
    // Linkerd means the pod's own port; people who name the Service's mean the same.
    const ports = [service.port, ...appPortsOf(pod)];
    if (list !== undefined && ports.some((port) => listsPort(list.value, port))) found.push(list);
  }
  return found.filter(({ at }, i) => found.findIndex((other) => other.at === at) === i);
}

function opaqueConnections({ page }: PodView, { namespace, name }: ServiceInfo): number {
  return sumOf(
    page,
    'outbound_tcp_protocol_connections_total',
    (labels) => labels.protocol === 'opaq' && labels.parent_namespace === namespace && labels.parent_name === name,
  );
}

function isTo(service: ServiceInfo): (labels: Record<string, string>) => boolean {
  return (labels) =>
    labels.direction === 'outbound' &&
    ((labels.dst_service === service.name && labels.dst_namespace === service.namespace) ||
      labels.authority?.split(':')[0] === service.authority);
}
