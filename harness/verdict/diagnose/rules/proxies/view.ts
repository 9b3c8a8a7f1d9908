import type { KubernetesObject } from '../../../../core/kubernetes-object.ts';
import type { ParsedPage, ParsedSample } from '../../../../core/page-parser.ts';
import type { PodInfo, ServiceInfo, WorkloadInfo } from '../../../../core/topology.ts';
import type { EvidenceContainer, EvidencePod } from '../../../../evidence/types.ts';
import type { TruthJournal } from '../../../../ledger/types.ts';
import type { DiagnosisInput } from '../../types.ts';

/** All that is known of one pod. */
export interface PodView {
  /** `namespace/pod`. */
  key: string;
  namespace: string;
  name: string;
  /** As the API shows it; null: it does not stand there, or the API can't be read. */
  object: EvidencePod | null;
  /** Its admin page, where that could be read. */
  page: ParsedPage | null;
  /** Where its admin page is asked for: `10.1.2.3:4191`; null: nowhere. */
  admin: string | null;
  /** As the run declares it; null: it is none of the run's. */
  declared: PodInfo | null;
  workload: WorkloadInfo | null;
  /** Truth about it, an entry an incarnation. */
  journals: TruthJournal[];
}

/** The pods of the API, of the pages and of the run, each once. */
export function podViews({ evidence, run }: DiagnosisInput): PodView[] {
  const views = new Map<string, PodView>();
  const at = (namespace: string, name: string): PodView => {
    const key = `${namespace}/${name}`;
    const known = views.get(key);
    if (known) return known;
    const view = {
      key,
      namespace,
      name,
      object: null,
      page: null,
      admin: null,
      declared: null,
      workload: null,
      journals: [],
    };
    views.set(key, view);
    return view;
  };
  for (const pod of evidence.cluster.pods ?? []) at(pod.metadata.namespace ?? '', pod.metadata.name).object = pod;
  for (const { namespace, pod, page, url } of evidence.pages) {
    const view = at(namespace, pod);
    view.page ??= page;
    view.admin ??= /^\w+:\/\/([^/]+)/.exec(url)?.[1] ?? null;
  }
  if (run === null) return [...views.values()];
  const { topology, truth } = run.input;
  const workloads = new Map(topology.workloads.map((workload) => [workload.id, workload]));
  for (const declared of topology.pods) {
    const view = at(declared.namespace, declared.name);
    view.declared = declared;
    view.admin ??= declared.instance;
    view.workload = workloads.get(declared.workload) ?? null;
  }
  for (const journal of truth) at(journal.workload.split('/')[0]!, journal.pod).journals.push(journal);
  return [...views.values()];
}

/** Services of the run that lead to a workload. */
export function servicesOf({ run }: DiagnosisInput, workload: string): ServiceInfo[] {
  return run?.input.topology.services.filter((service) => service.workload === workload) ?? [];
}

const PROXY_PORTS = new Set(['linkerd-proxy', 'linkerd-admin']);

/** The proxy's container: by its configuration, whatever it is called. */
export function isProxy({ name, env = [], ports = [] }: EvidenceContainer): boolean {
  return (
    name === 'linkerd-proxy' ||
    env.some((variable) => variable.name.startsWith('LINKERD2_PROXY_')) ||
    ports.some((port) => port.name !== undefined && PROXY_PORTS.has(port.name))
  );
}

export function containersOf({ spec }: EvidencePod): EvidenceContainer[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

export function proxyOf(pod: EvidencePod): EvidenceContainer | undefined {
  return containersOf(pod).find(isProxy);
}

/** Ports of a pod's own containers, and the one that the run declares. */
export function appPortsOf({ object, declared }: PodView): number[] {
  const containers = object === null ? [] : containersOf(object).filter((container) => !isProxy(container));
  const ports = containers.flatMap(({ ports: own = [] }) => own.map((port) => port.containerPort));
  return [...new Set([...(declared?.appPort == null ? [] : [declared.appPort]), ...ports])];
}

interface ServiceObject extends KubernetesObject {
  spec?: { selector?: Record<string, string>; ports?: { targetPort?: number | string }[] };
}

/**
 * Those of them that callers are meant to use: the declared one, and what Services lead to, where they lead to any; not those
 * beside them, that only operators ask.
 */
export function calledPortsOf({ evidence }: DiagnosisInput, pod: PodView): number[] {
  const { object, declared, namespace } = pod;
  const labels = object?.metadata.labels ?? {};
  const services = ((evidence.cluster.services ?? []) as ServiceObject[]).filter(({ metadata, spec }) => {
    const selector = Object.entries(spec?.selector ?? {});
    return (
      metadata.namespace === namespace && selector.length > 0 && selector.every(([key, value]) => labels[key] === value)
    );
  });
  const targets = new Set(services.flatMap(({ spec }) => (spec?.ports ?? []).map(({ targetPort }) => targetPort)));
  const containers = object === null ? [] : containersOf(object).filter((container) => !isProxy(container));
  const named = containers
    .flatMap(({ ports = [] }) => ports)
    .filter(({ name, containerPort }) => targets.has(containerPort) || (name !== undefined && targets.has(name)))
    .map(({ containerPort }) => containerPort);
  if (named.length === 0) return appPortsOf(pod);
  return [...new Set([...(declared?.appPort == null ? [] : [declared.appPort]), ...named])];
}

/** An annotation of the pod, else of its namespace, with where it stands. The injector copies a namespace's onto its pods. */
export function annotationOf(
  { evidence }: DiagnosisInput,
  pod: Pick<PodView, 'namespace' | 'object'>,
  name: string,
): { value: string; at: string } | undefined {
  const own = pod.object?.metadata.annotations?.[name];
  if (own !== undefined) return { value: own, at: `pod ${pod.namespace}/${pod.object!.metadata.name}` };
  return namespaceAnnotation({ evidence }, pod.namespace, name);
}

export function namespaceAnnotation(
  { evidence }: Pick<DiagnosisInput, 'evidence'>,
  namespace: string,
  name: string,
): { value: string; at: string } | undefined {
  const value = evidence.cluster.namespaces?.find((n) => n.metadata.name === namespace)?.metadata.annotations?.[name];
  return value === undefined ? undefined : { value, at: `namespace ${namespace}` };
}

/** Whether a list of ports as Linkerd's annotations have it (`8080,9000-9010`) names a port. */
export function listsPort(list: string, port: number): boolean {
  return list.split(',').some((item) => {
    const match = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(item);
    if (match === null) return false;
    const low = Number(match[1]);
    return port >= low && port <= Number(match[2] ?? low);
  });
}

/** Sum of a family's samples with these labels. A page that can't be read counts nothing: look at `page` first. */
export function sumOf(
  page: ParsedPage | null,
  name: string,
  matches: (labels: ParsedSample['labels']) => boolean,
): number {
  let sum = 0;
  for (const sample of page?.samples ?? []) if (sample.name === name && matches(sample.labels)) sum += sample.value;
  return sum;
}

/** The value of a family without labels, or with one series alone. */
export function gaugeOf(page: ParsedPage | null, name: string): number | undefined {
  return page?.samples.find((sample) => sample.name === name)?.value;
}

/** `1 request`, `3 requests`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Port of the admin listener as labels of the proxy name it; it has no Service and is nobody's traffic. */
export function adminPortOf({ admin }: PodView): string {
  return admin?.split(':').at(-1) ?? '4191';
}

/** Groups in the order in which their keys come first. */
export function grouped<T>(items: Iterable<T>, keyOf: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups];
}
