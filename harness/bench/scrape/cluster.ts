import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MeshConfig, MeshPodConfig } from '../../mesh/contract.ts';
import { IdentityAuthority } from '../../mesh/identity/authority.ts';
import { type KubernetesApi, startKubernetesApi } from '../../mesh/kubernetes/api.ts';
import { injectedPod, kubernetesObjects, type ObjectOptions } from '../../mesh/kubernetes/objects.ts';
import { serviceAccountUser, vizPrometheusGrant } from '../../mesh/kubernetes/rbac.ts';
import type { Pod } from '../../mesh/kubernetes/types.ts';
import { uidOf } from '../../mesh/kubernetes/uid.ts';
import { findProfile } from '../../mesh/profiles/index.ts';
import type { FleetChange, PodInfo } from '../pages/generator.ts';

const CONTROL_PLANE = 'linkerd';
const VIZ = 'linkerd-viz';
/** Only this machine can reach the API, and it knows nothing but simulated pods. */
const TOKEN = 'prometheus';

/** The Kubernetes API in which the simulated proxies stand as pods, and what Prometheus is let in with. */
export class PodApi implements AsyncDisposable {
  readonly #api: KubernetesApi;
  readonly #objectOf: (pod: PodInfo) => Pod;
  readonly caFile: string;
  readonly tokenFile: string;

  private constructor(api: KubernetesApi, objectOf: (pod: PodInfo) => Pod, dir: string) {
    this.#api = api;
    this.#objectOf = objectOf;
    this.caFile = join(dir, 'ca.crt');
    this.tokenFile = join(dir, 'token');
  }

  /** @param dir for the CA and the token; made @throws HarnessError PORT_TAKEN */
  static async start(options: { host: string; dir: string; version: string; pods: PodInfo[] }): Promise<PodApi> {
    const { host, dir, version, pods } = options;
    const config = meshConfig(version, pods);
    const { chart, linkerdVersion } = findProfile(version);
    const release = (): ObjectOptions => ({ linkerdVersion, nativeSidecar: chart.nativeSidecar, now: new Date() });
    const authority = new IdentityAuthority({ trustDomain: config.trustDomain, controlPlaneNamespace: CONTROL_PLANE });
    const api = await startKubernetesApi({
      listen: { host, port: 0 },
      tls: authority.issueServing([host]),
      objects: kubernetesObjects(config, release()),
      users: [{ name: serviceAccountUser(VIZ, 'prometheus'), token: TOKEN }],
      rules: [vizPrometheusGrant(VIZ)],
    });
    const started = new PodApi(api, (pod) => injectedPod(config, podConfig(pod), release()), dir);
    await mkdir(dir, { recursive: true });
    await writeFile(started.caFile, authority.anchorPem);
    await writeFile(started.tokenFile, TOKEN);
    return started;
  }

  get url(): string {
    return this.#api.url;
  }

  get namespaces(): { controlPlaneNamespace: string; vizNamespace: string } {
    return { controlPlaneNamespace: CONTROL_PLANE, vizNamespace: VIZ };
  }

  /** Watches are told of it. */
  apply({ removed, added }: FleetChange): void {
    for (const { namespace, name } of removed) this.#api.deletePod(namespace, name);
    for (const pod of added) this.#api.upsertPod(this.#objectOf(pod));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#api.close();
  }
}

function meshConfig(version: string, pods: PodInfo[]): MeshConfig {
  return {
    version,
    trustDomain: 'cluster.local',
    controlPlaneNamespace: CONTROL_PLANE,
    vizNamespace: VIZ,
    probeIntervalMs: 10_000,
    pods: pods.map(podConfig),
    services: [],
    kubernetesApi: { host: '127.0.0.1', port: 0 },
    dir: '',
  };
}

/** As Kubernetes names pods: the ReplicaSet's hash, then five characters. */
const POD_NAME = /^(?<workload>.+)-(?<hash>[^-]+)-[^-]+$/;

function podConfig({ namespace, name, workload, ip, port, labels }: PodInfo): MeshPodConfig {
  const at = (of: number) => ({ host: ip, port: of });
  return {
    namespace,
    name,
    uid: uidOf(`${namespace}/${name}`),
    deployment: workload,
    serviceAccount: workload,
    podTemplateHash: POD_NAME.exec(name)?.groups?.hash ?? '',
    labels,
    ip,
    inbound: at(4143),
    outbound: at(4140),
    admin: at(port),
    app: { address: at(8080), labelPort: 8080, readyPath: '/readyz', livePath: '/healthz' },
    component: null,
    componentPorts: [],
  };
}
