import { EXIT, HarnessError } from '../../../core/errors.ts';
import type { DiscoveryAccess, PageEvidence, PeerCertificate } from '../../../evidence/types.ts';
import type { EvidenceSource, PageTarget } from '../../contract.ts';
import type { KubernetesObject, PodObject } from '../contract.ts';
import { accessByImpersonation } from './access.ts';
import { readCertificate } from './certificate.ts';
import { readPodPage } from './pod-page.ts';
import { forwardPort } from './port-forward.ts';
import { listAll, type ReadOnlyTransport } from './read-only.ts';
import { accessByRoles } from './roles.ts';

const INBOUND_PORT = 4143;
const CERTIFICATE_MS = 10_000;
const LOG_MS = 10_000;
const LOG_LINES = 2000;
/** Of Prometheus' log format: since 3.0 in capitals. */
const TROUBLE = /\blevel=(?:warn|warning|error)\b|"level":"(?:warn|warning|error)"/i;

export interface KubeEvidenceOptions {
  /** The pod that Prometheus is; null: it is in no pod of this cluster, or it is not known which. */
  prometheus: PodObject | null;
  /** Pods that have been read already. */
  pods?: readonly PodObject[];
  /** The pages as Prometheus itself would get them, where there is a way. */
  readPage?: (target: PageTarget) => Promise<PageEvidence>;
}

/** What the API of a cluster shows, read and not changed: every request is a GET, and stands in the transport's account. */
export class KubeEvidence implements EvidenceSource {
  readonly #transport: ReadOnlyTransport;
  readonly #options: KubeEvidenceOptions;
  readonly #pods = new Map<string, PodObject>();

  constructor(transport: ReadOnlyTransport, options: KubeEvidenceOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#remember(options.pods ?? []);
  }

  async list(kind: { apiVersion: string; kind: string }): Promise<KubernetesObject[]> {
    const objects = await listAll(this.#transport, kind);
    if (kind.kind === 'Pod') this.#remember(objects as PodObject[]);
    return objects;
  }

  #remember(pods: readonly PodObject[]): void {
    for (const pod of pods) this.#pods.set(keyOf(pod.metadata), pod);
  }

  fetchPage(target: PageTarget): Promise<PageEvidence> {
    return this.#options.readPage?.(target) ?? readPodPage(this.#transport, target);
  }

  async certificate(pod: { namespace: string; pod: string }): Promise<PeerCertificate> {
    const where = `${pod.namespace}/${pod.pod}:${INBOUND_PORT}`;
    const object = await this.#pod(pod);
    const connection = await forwardPort(this.#transport, { ...pod, port: INBOUND_PORT });
    return readCertificate(connection, { serverName: identityOf(object), where, deadlineMs: CERTIFICATE_MS });
  }

  async access(namespaces: readonly string[]): Promise<DiscoveryAccess> {
    const pod = this.#prometheusPod('what it may list');
    const account = { namespace: pod.metadata.namespace!, name: pod.spec.serviceAccountName ?? 'default' };
    try {
      return await accessByImpersonation(this.#transport, account, namespaces);
    } catch (error) {
      if (!(error instanceof HarnessError) || error.code !== 'ACCESS_UNKNOWN') throw error;
      return accessByRoles(await this.#rbac(), account, namespaces);
    }
  }

  async prometheusLog(): Promise<string[]> {
    const { metadata, spec } = this.#prometheusPod('its log');
    const container = spec.containers.find(({ name }) => name === 'prometheus') ?? spec.containers[0]!;
    const query = new URLSearchParams({ container: container.name, tailLines: String(LOG_LINES) });
    const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}/log?${query}`;
    const text = String(await this.#transport.send('GET', path, { accept: '*/*', timeoutMs: LOG_MS }));
    return text.split('\n').filter((line) => TROUBLE.test(line));
  }

  #prometheusPod(what: string): PodObject {
    const { prometheus } = this.#options;
    if (prometheus) return prometheus;
    throw new HarnessError('PROMETHEUS_POD_UNKNOWN', `${what}: no pod of this cluster is known to be Prometheus`, {
      hint: 'it runs outside the cluster, or its pod was not found',
      exitCode: EXIT.environment,
    });
  }

  async #pod({ namespace, pod }: { namespace: string; pod: string }): Promise<PodObject> {
    const known = this.#pods.get(keyOf({ namespace, name: pod }));
    if (known) return known;
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`;
    return (await this.#transport.send('GET', path)) as PodObject;
  }

  async #rbac() {
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    const of = <T>(kind: string) => listAll<T>(this.#transport, { apiVersion, kind });
    type Roles = Parameters<typeof accessByRoles>[0];
    const [clusterRoles, clusterRoleBindings, roles, roleBindings] = await Promise.all([
      of<Roles['roles'][number]>('ClusterRole'),
      of<Roles['roleBindings'][number]>('ClusterRoleBinding'),
      of<Roles['roles'][number]>('Role'),
      of<Roles['roleBindings'][number]>('RoleBinding'),
    ]);
    return { clusterRoles, clusterRoleBindings, roles, roleBindings };
  }
}

function keyOf({ namespace, name }: { namespace?: string; name: string }): string {
  return `${namespace}/${name}`;
}

/** Its proxy's name in certificates, from what injection wrote into the pod (facts, section 6). */
function identityOf({ metadata, spec }: PodObject): string {
  type Env = { name: string; value?: string }[];
  const proxy = [...spec.containers, ...(spec.initContainers ?? [])].find(({ name }) => name === 'linkerd-proxy');
  const env = ((proxy as { env?: Env } | undefined)?.env ?? []) as Env;
  const said = env.find(({ name }) => name === 'LINKERD2_PROXY_IDENTITY_LOCAL_NAME')?.value;
  // `$(_pod_sa).$(_pod_ns).serviceaccount.identity.linkerd.cluster.local`
  const domain = /\.serviceaccount\.identity\.(.+)$/.exec(said ?? '')?.[1];
  const labelled = `${metadata.labels?.['linkerd.io/control-plane-ns'] ?? 'linkerd'}.cluster.local`;
  const account = spec.serviceAccountName ?? 'default';
  return `${account}.${metadata.namespace}.serviceaccount.identity.${domain ?? labelled}`;
}
