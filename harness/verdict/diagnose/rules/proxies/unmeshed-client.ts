import type { KubernetesObject } from '../../../../core/kubernetes-object.ts';
import { hostPort } from '../../context/proxies.ts';
import { urlAddress } from '../../context/targets.ts';
import type { DiagnosisInput, Finding, Rule } from '../../types.ts';
import { adminPortOf, counted, grouped, type PodView, podViews, proxyOf, servicesOf, sumOf } from './view.ts';

/**
 * Pods without a proxy that only call. In a run they are those that the run takes for meshed; else those of a workload in a
 * namespace of the mesh, when somebody asks its servers in plaintext and nobody else can have done so.
 */
export const clientNotMeshed: Rule = {
  causes: ['client-not-meshed'],
  needs: ['pods', 'services', 'pages', 'truth'],
  diagnose(input) {
    const views = podViews(input);
    const servers = plaintextServers(input);
    const bare = views.filter(isBare);
    const clients = bare.filter((pod) => (input.run ? callsInRun(input, pod) : mayCall(input, pod, views)));
    if (clients.length === 0) return [];
    if (input.run === null && (servers.length === 0 || isAmbiguous(input, bare, servers))) return [];
    return grouped(clients, ({ declared, namespace }) => declared?.workload ?? namespace).map(([subject, pods]) =>
      finding(subject, pods, servers),
    );
  },
};

function finding(subject: string, clients: PodView[], servers: Plaintext[]): Finding {
  const made = clients.flatMap(({ journals }) => journals.flatMap((j) => [...j.made, ...j.connected]));
  const callees = [...new Set(made.map((m) => m.callee))].sort();
  const names = clients.map(({ key }) => key);
  return {
    causes: ['client-not-meshed'],
    pods: names,
    subject,
    summary:
      made.length > 0
        ? `${names.join(', ')} has no proxy: ${counted(made.length, 'request')} to ${callees.join(', ')} left it in plaintext and unseen.`
        : `${names.join(', ')} has no proxy and serves nothing, and servers of the mesh are asked in plaintext: ${servers.map((s) => `${s.pod} ${s.requests} times`).join(', ')}.`,
    evidence: [
      ...names.map((name) => `${name} has no container of the proxy, and no Service selects it (pods, services)`),
      ...servers.map(
        ({ pod, requests }) =>
          `${pod} has ${counted(requests, 'request')} with no_tls_reason="no_tls_from_remote" that are neither probes nor scrapes (request_total of its page)`,
      ),
      ...(made.length > 0 ? [`${counted(made.length, 'request')} by ${names.join(', ')} (truth)`] : []),
    ],
    remedy: [
      `kubectl annotate namespace ${clients[0]!.namespace} linkerd.io/inject=enabled --overwrite`,
      ...[...new Set(clients.map(workloadOf))].map(
        (workload) => `kubectl -n ${clients[0]!.namespace} rollout restart deployment/${workload}`,
      ),
    ],
  };
}

function workloadOf({ declared, name }: PodView): string {
  return declared?.workload.split('/')[1] ?? name.replace(/-[a-z0-9]+-[a-z0-9]+$/, '');
}

/** It stands in the API, lives, and has no proxy. */
function isBare({ object, page }: PodView): boolean {
  if (object === null || page !== null) return false;
  return proxyOf(object) === undefined && !/^(?:Succeeded|Failed)$/.test(object.status.phase ?? '');
}

/** The run takes it for meshed, nothing leads to it, and it has called. */
function callsInRun(input: DiagnosisInput, { declared, workload, journals }: PodView): boolean {
  if (declared === null || workload === null || workload.identity === '') return false;
  if (servicesOf(input, declared.workload).length > 0) return false;
  return journals.some(({ made, connected }) => made.length + connected.length > 0);
}

/** It lives beside meshed pods, and no Service selects it. */
function mayCall({ evidence }: DiagnosisInput, pod: PodView, views: readonly PodView[]): boolean {
  const { services } = evidence.cluster;
  if (services === null || services.some((service) => selects(service, pod))) return false;
  if (/disabled/.test(pod.object!.metadata.annotations?.['linkerd.io/inject'] ?? '')) return false;
  return views.some(
    ({ namespace, object }) => namespace === pod.namespace && object !== null && proxyOf(object) !== undefined,
  );
}

function selects(service: KubernetesObject, { namespace, object }: PodView): boolean {
  if (object === null || service.metadata.namespace !== namespace) return false;
  const selector = (service.spec as { selector?: Record<string, string> } | undefined)?.selector ?? {};
  const pairs = Object.entries(selector);
  return pairs.length > 0 && pairs.every(([name, value]) => object.metadata.labels?.[name] === value);
}

/** Whether somebody else may have asked: pods of another workload, or whoever comes from outside the cluster. */
function isAmbiguous({ evidence }: DiagnosisInput, bare: readonly PodView[], servers: readonly Plaintext[]): boolean {
  const open = (evidence.cluster.services ?? []).filter(isOpen);
  const suspects = bare.filter(
    (pod) => !OF_THE_CLUSTER.test(pod.namespace) || open.some((service) => selects(service, pod)),
  );
  const workloads = new Set(suspects.map((pod) => `${pod.namespace}/${workloadOf(pod)}`));
  return workloads.size > 1 || servers.some(({ view }) => open.some((service) => selects(service, view)));
}

/** Kubernetes' own pods ask no app, but for an ingress among them, which a Service opens to the outside. */
const OF_THE_CLUSTER = /^kube-/;

function isOpen({ spec }: KubernetesObject): boolean {
  const { type, externalIPs } = (spec ?? {}) as { type?: string; externalIPs?: string[] };
  return type === 'LoadBalancer' || type === 'NodePort' || (externalIPs?.length ?? 0) > 0;
}

interface Plaintext {
  pod: string;
  view: PodView;
  requests: number;
}

/** Pods of the mesh whose app is asked in plaintext, and how often: the proxy knows no name of who does that. */
export function plaintextServers(input: DiagnosisInput): Plaintext[] {
  return podViews(input).flatMap((pod) => plaintextOf(input, pod) ?? []);
}

/** Until a proxy knows its policy, probes count as requests on the default route: these are few. */
const STRAY = 20;

/** Plaintext requests to a pod's app that are neither probes nor scrapes. */
function plaintextOf({ evidence, run }: DiagnosisInput, pod: PodView): Plaintext | undefined {
  const admin = adminPortOf(pod);
  const scraped = scrapedPorts(evidence, pod);
  const requests = sumOf(
    pod.page,
    'request_total',
    (l) =>
      l.direction === 'inbound' &&
      l.no_tls_reason === 'no_tls_from_remote' &&
      l.route_name !== 'probe' &&
      l.target_port !== admin &&
      !scraped.has(l.target_port ?? ''),
  );
  return requests > (run === null ? STRAY : 0) ? { pod: pod.key, view: pod, requests } : undefined;
}

/** Ports of a pod that Prometheus asks, which may stand outside the mesh: whoever else asks there can't be told from it. */
function scrapedPorts({ prometheus }: DiagnosisInput['evidence'], { object }: PodView): Set<string> {
  const ip = object?.status.podIP;
  if (!ip) return new Set();
  const host = hostPort(ip, 0).slice(0, -1);
  const addresses = prometheus.active.map(({ scrapeUrl }) => urlAddress(scrapeUrl));
  return new Set(addresses.filter((address) => address.startsWith(host)).map((address) => address.slice(host.length)));
}
