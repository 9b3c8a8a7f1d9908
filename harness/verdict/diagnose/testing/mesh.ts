import type { KubernetesObject } from '../../../core/kubernetes-object.ts';
import type {
  Answer,
  DiscoveryAccess,
  Evidence,
  EvidenceContainer,
  EvidencePod,
  PageEvidence,
  Question,
  ScrapeJob,
} from '../../../evidence/types.ts';
import type { ActiveTarget, DroppedTarget, MatrixSeries } from '../../../prometheus/client.ts';
import { explainPod } from '../../../prometheus/relabel/target.ts';
import { vizJobs } from './jobs.ts';
import { pageOf } from './pages.ts';
import { CONTROL_PLANE, injectedPod, namespaceOf, type PodSpec, serviceOf } from './pods.ts';
import { storedOf } from './stored.ts';

export interface TestService {
  namespace: string;
  name: string;
  replicas?: number;
  /** null: it serves nothing, and no Service selects it. */
  port?: number | null;
  labels?: Record<string, string>;
}

export interface TestMeshOptions {
  services?: TestService[];
  controlPlaneNamespace?: string;
  vizNamespace?: string;
  nativeSidecars?: boolean;
  adminPort?: number;
}

/** web -> cart (two replicas) -> db, and the load generator. */
export const SHOP: TestService[] = [
  { namespace: 'meshproof', name: 'load', port: null },
  { namespace: 'shop', name: 'web' },
  { namespace: 'shop', name: 'cart', replicas: 2 },
  { namespace: 'shop', name: 'db' },
];

/** How a target's scrapes end: what Prometheus says of it. */
export interface TargetState {
  health: 'up' | 'down';
  lastError: string;
  lastScrapeDurationMs: number;
}

/**
 * A small mesh in which nothing is wrong, as evidence shows it. Tests change its parts (pods, jobs, pages are plain objects)
 * and then take `evidence()`, in which Prometheus has made its targets of them.
 */
export class TestMesh {
  readonly atMs = 1_800_000_000_000;
  readonly hasNativeSidecars: boolean;
  readonly controlPlaneNamespace: string;
  readonly vizNamespace: string;
  readonly pods: EvidencePod[] = [];
  readonly pages: PageEvidence[] = [];
  readonly services: KubernetesObject[] = [];
  readonly namespaces: KubernetesObject[] = [];
  readonly policies: KubernetesObject[] = [];
  readonly rbac: KubernetesObject[] = [];
  readonly jobs: ScrapeJob[];
  /** Further raw samples beside those of the scrapes themselves. */
  readonly stored: MatrixSeries[] = [];
  readonly log: string[] = [];
  own: Evidence['prometheus']['own'] = [];
  clock: Evidence['prometheus']['clock'] = { aheadMs: 0, uncertaintyMs: 3 };
  access: DiscoveryAccess = {
    how: 'own credentials',
    user: 'system:serviceaccount:linkerd-viz:prometheus',
    everywhere: 'allowed',
    namespaces: {},
    message: '',
  };
  /** Namespaces of which discovery gets the pods; null: all. */
  discovers: string[] | null = null;
  /** Answers to further questions. */
  answers: (question: Question) => Answer | undefined = () => undefined;
  readonly #states = new Map<string, TargetState>();

  constructor(options: TestMeshOptions = {}) {
    this.controlPlaneNamespace = options.controlPlaneNamespace ?? 'linkerd';
    this.vizNamespace = options.vizNamespace ?? 'linkerd-viz';
    this.jobs = vizJobs(this.controlPlaneNamespace, this.vizNamespace);
    this.hasNativeSidecars = options.nativeSidecars ?? true;
    const common = {
      adminPort: options.adminPort ?? 4191,
      controlPlaneNamespace: this.controlPlaneNamespace,
      nativeSidecar: this.hasNativeSidecars,
      startedAt: new Date(this.atMs - 60_000).toISOString(),
    };
    for (const { name, containers } of CONTROL_PLANE) {
      const component = { name, containers };
      const namespace = this.controlPlaneNamespace;
      this.#add({
        ...common,
        namespace,
        workload: `linkerd-${name}`,
        replica: 0,
        appPort: null,
        labels: {},
        component,
      });
    }
    for (const service of options.services ?? SHOP) this.#addService(service, common);
    const names = [this.controlPlaneNamespace, this.vizNamespace, ...this.pods.map((pod) => pod.metadata.namespace!)];
    this.namespaces.push(...[...new Set(names)].map((name) => namespaceOf(name)));
  }

  #addService(
    service: TestService,
    common: Omit<PodSpec, 'namespace' | 'workload' | 'replica' | 'ip' | 'appPort' | 'labels'>,
  ) {
    const { namespace, name, replicas = 1, port = 8080, labels = {} } = service;
    for (let replica = 0; replica < replicas; replica++) {
      this.#add({ ...common, namespace, workload: name, replica, appPort: port, labels });
    }
    if (port !== null) this.services.push(serviceOf(namespace, name, port));
  }

  #add(spec: Omit<PodSpec, 'ip'>): void {
    const ip = `10.42.0.${this.pods.length + 10}`;
    const pod = injectedPod({ ...spec, ip });
    this.pods.push(pod);
    this.pages.push(pageOf(pod, `${ip}:${spec.adminPort}`, this.atMs));
  }

  /** `namespace/pod` of each pod of a service, or of the control plane's namespace. */
  idsOf(namespace: string, workload?: string): string[] {
    return this.pods
      .filter((pod) => pod.metadata.namespace === namespace)
      .filter((pod) => workload === undefined || pod.metadata.labels?.app === workload)
      .map(idOf);
  }

  get allIds(): string[] {
    return this.pods.map(idOf).sort();
  }

  /** Pods that have a proxy, of the control plane too. */
  get proxyIds(): string[] {
    return this.pages.map(({ namespace, pod }) => `${namespace}/${pod}`).sort();
  }

  get controlPlaneIds(): string[] {
    return this.idsOf(this.controlPlaneNamespace).sort();
  }

  /** Pods of services. */
  get appIds(): string[] {
    return this.proxyIds.filter((id) => !id.startsWith(`${this.controlPlaneNamespace}/`));
  }

  pod(id: string): EvidencePod {
    return found(
      this.pods.find((pod) => idOf(pod) === id),
      id,
    );
  }

  page(id: string): PageEvidence {
    return found(
      this.pages.find((page) => `${page.namespace}/${page.pod}` === id),
      id,
    );
  }

  setPage(id: string, change: (page: PageEvidence) => PageEvidence): void {
    this.pages[this.pages.indexOf(this.page(id))] = change(this.page(id));
  }

  job(name: string): ScrapeJob {
    return found(
      this.jobs.find((job) => job.name === name),
      name,
    );
  }

  /** The proxy's container as the pod's object has it. */
  proxy(id: string): EvidenceContainer {
    const { containers, initContainers = [] } = this.pod(id).spec;
    return found(
      [...containers, ...initContainers].find((one) => one.name === 'linkerd-proxy'),
      id,
    );
  }

  /** The port of its admin server as the pod's object declares it. */
  adminPort(id: string): NonNullable<EvidenceContainer['ports']>[number] {
    const port = Number(new URL(this.page(id).url).port);
    return found(
      this.proxy(id).ports?.find(({ containerPort }) => containerPort === port),
      id,
    );
  }

  /** Takes the proxy out of a pod, as if it had never been injected. */
  uninject(id: string): void {
    const pod = this.pod(id);
    pod.spec.containers = pod.spec.containers.filter((one) => one.name !== 'linkerd-proxy');
    pod.spec.initContainers = pod.spec.initContainers?.filter((one) => !one.name.startsWith('linkerd-'));
    pod.status.containerStatuses = pod.status.containerStatuses?.filter((one) => one.name !== 'linkerd-proxy');
    pod.status.initContainerStatuses = pod.status.initContainerStatuses?.filter(
      (one) => !one.name.startsWith('linkerd-'),
    );
    const labels = Object.entries(pod.metadata.labels ?? {}).filter(([name]) => !name.startsWith('linkerd.io/'));
    pod.metadata.labels = Object.fromEntries(labels);
    pod.metadata.annotations = {};
    this.pages.splice(this.pages.indexOf(this.page(id)), 1);
  }

  /** Every scrape of a pod's targets of a job fails. */
  failScrapes(job: string, id: string, lastError: string, lastScrapeDurationMs = 3): void {
    this.#states.set(`${job} ${id}`, { health: 'down', lastError, lastScrapeDurationMs });
  }

  evidence(): Evidence {
    const { active, dropped } = this.#targets();
    const droppedCounts: Record<string, number> = {};
    for (const { scrapePool } of dropped) droppedCounts[scrapePool] = (droppedCounts[scrapePool] ?? 0) + 1;
    return structuredClone({
      atMs: this.atMs,
      controlPlaneNamespace: this.controlPlaneNamespace,
      prometheus: {
        url: 'http://127.0.0.1:9090',
        version: '3.15.0',
        clock: this.clock,
        jobs: this.jobs,
        active,
        dropped,
        droppedCounts,
        log: this.log,
        own: this.own,
      },
      cluster: {
        pods: this.pods,
        services: this.services,
        namespaces: this.namespaces,
        policies: this.policies,
        rbac: this.rbac,
      },
      pages: this.pages,
      stored: [...storedOf(active, this.atMs, 1000), ...this.stored],
      storedRangeMs: 600_000,
      unread: [],
    });
  }

  /** What whoever is asked would answer. */
  answer(question: Question): Answer {
    const given = this.answers(question);
    if (given) return given;
    if (question.ask === 'access') return { to: 'access', access: this.access };
    if (question.ask === 'page') {
      const page = this.pages.find((one) => one.namespace === question.namespace && one.pod === question.pod);
      if (page && question.scheme === 'http') return { to: 'page', page };
    }
    if (question.ask === 'query') return { to: 'query', samples: [] };
    if (question.ask === 'samples') return { to: 'samples', series: [] };
    return { to: 'error', message: 'nobody answers' };
  }

  #targets(): { active: ActiveTarget[]; dropped: DroppedTarget[] } {
    const active: ActiveTarget[] = [];
    const dropped: DroppedTarget[] = [];
    for (const job of this.jobs) {
      for (const pod of this.pods) {
        if (this.discovers !== null && !this.discovers.includes(pod.metadata.namespace!)) continue;
        for (const target of explainPod(job, pod) ?? []) {
          if (target.outcome === 'dropped') dropped.push({ scrapePool: job.name, discoveredLabels: target.discovered });
          if (target.outcome === 'kept') active.push(this.#active(job, idOf(pod), target));
        }
      }
    }
    return { active, dropped };
  }

  #active(
    job: ScrapeJob,
    id: string,
    target: { labels: ActiveTarget['labels']; discovered: ActiveTarget['labels']; url: string },
  ) {
    const state = this.#states.get(`${job.name} ${id}`) ?? { health: 'up', lastError: '', lastScrapeDurationMs: 5 };
    const { labels, discovered: discoveredLabels, url: scrapeUrl } = target;
    const lastScrape = new Date(this.atMs - 300).toISOString();
    return { scrapePool: job.name, labels, discoveredLabels, scrapeUrl, lastScrape, ...state };
  }
}

export function idOf(pod: EvidencePod): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`;
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new RangeError(`the test's mesh has no ${what}`);
  return value;
}
