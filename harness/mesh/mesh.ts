import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, HarnessError } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import { apiFiles } from './api-files.ts';
import type { ClusterFaults, MeshConfig, MeshPodConfig, MeshStarted, PodFaults } from './contract.ts';
import { IdentityAuthority } from './identity/authority.ts';
import { type KubernetesApi, startKubernetesApi } from './kubernetes/api.ts';
import { Cluster } from './kubernetes/cluster.ts';
import { injectedPod, kubernetesObjects, type ObjectOptions } from './kubernetes/objects.ts';
import { podWithStatus } from './kubernetes/pod-status.ts';
import { serviceAccountUser } from './kubernetes/rbac.ts';
import { findProfile, type VersionProfile } from './profiles/index.ts';
import { Discovery, podKey } from './proxy/discovery.ts';
import { MeshPod, type PodContext } from './proxy/mesh-pod.ts';
import { peerOf } from './proxy/peer.ts';
import { ProcessShares } from './proxy/process-share.ts';

/** A running mesh: sidecars, identities and the Kubernetes API, all in this process. */
export interface Mesh extends AsyncDisposable {
  readonly started: MeshStarted;
  /** Ends a pod's sidecar as SIGKILL would. @param alone the app lives on @throws HarnessError UNKNOWN_POD */
  killPod(namespace: string, pod: string, alone?: boolean): Promise<void>;
  /** A new incarnation of a killed pod's sidecar, or a pod that starts later. @throws HarnessError UNKNOWN_POD, POD_RUNNING, PORT_TAKEN */
  startPod(namespace: string, pod: string): Promise<void>;
  /** Replaces what is wrong with the cluster's API and its objects. */
  setClusterFaults(faults: ClusterFaults): Promise<void>;
  /** Replaces what is wrong with a pod's proxy. @throws HarnessError UNKNOWN_POD, PORT_TAKEN */
  setPodFaults(namespace: string, pod: string, faults: PodFaults): Promise<void>;
  /** Ends a pod's sidecar and takes the pod out of the API. @throws HarnessError UNKNOWN_POD */
  deletePod(namespace: string, pod: string): Promise<void>;
  /** Lets a pod finish what is under way, and nothing new come, as before its deletion. @throws HarnessError UNKNOWN_POD */
  drainPod(namespace: string, pod: string, graceMs: number): Promise<void>;
  /** Waits for what is left of an app that has ended. @throws HarnessError UNKNOWN_POD */
  settlePod(namespace: string, pod: string, graceMs: number): Promise<void>;
  /** Resolves when each pod is ready that is there, or each of these. @throws DeadlineExceededError naming those that are not */
  waitReady(deadlineMs: number, pods?: readonly string[]): Promise<void>;
}

/** Brings up the simulated mesh. Nothing is left running when it throws. @throws HarnessError UNKNOWN_MESH_VERSION, PORT_TAKEN */
export async function startMesh(config: MeshConfig): Promise<Mesh> {
  const mesh = new RunningMesh(config, findProfile(config.version));
  try {
    await mesh.start();
    return mesh;
  } catch (error) {
    await mesh[Symbol.asyncDispose]();
    throw error;
  }
}

class RunningMesh implements Mesh {
  readonly #config: MeshConfig;
  readonly #profile: VersionProfile;
  readonly #authority: IdentityAuthority;
  readonly #pods = new Map<string, MeshPod>();
  #api: KubernetesApi | null = null;
  #cluster: Cluster | null = null;
  #started: MeshStarted | null = null;
  #stranger: IdentityAuthority | null = null;

  constructor(config: MeshConfig, profile: VersionProfile) {
    this.#config = config;
    this.#profile = profile;
    const { trustDomain, controlPlaneNamespace } = config;
    this.#authority = new IdentityAuthority({ trustDomain, controlPlaneNamespace });
  }

  get started(): MeshStarted {
    return this.#started!;
  }

  async start(): Promise<void> {
    const config = this.#config;
    const { cluster, ...reach } = await this.#startApi();
    const context: PodContext = {
      config,
      profile: this.#profile,
      authority: this.#authority,
      discovery: new Discovery(config.services, config.pods.map(peerOf), config.trustDomain),
      shares: new ProcessShares(),
      stranger: () => this.#anotherAuthority(),
      // A kubelet may still have something to say of a pod that is gone.
      status: (pod, change) => {
        if (this.#pods.has(podKey(pod))) cluster.setPodStatus(pod.namespace, pod.name, change);
      },
    };
    for (const [index, pod] of config.pods.entries()) {
      if (!pod.startsLater) cluster.setPodStatus(pod.namespace, pod.name, { ready: false });
      this.#pods.set(podKey(pod), new MeshPod({ ...context, profile: this.#profileOf(pod) }, pod, index));
    }
    await Promise.all([...this.#pods.values()].map((pod) => pod.config.startsLater || pod.start()));
    this.#started = {
      ...reach,
      proxyVersion: this.#profile.proxyVersion,
      linkerdVersion: this.#profile.linkerdVersion,
    };
  }

  async killPod(namespace: string, pod: string, alone = false): Promise<void> {
    await this.#pod(namespace, pod).kill(alone);
  }

  async startPod(namespace: string, name: string): Promise<void> {
    const pod = this.#pod(namespace, name);
    if (!pod.isThere) {
      const created = injectedPod(this.#config, pod.config, this.#objectOptions(this.#profileOf(pod.config)));
      this.#cluster?.addPod(podWithStatus(created, { ready: false }, new Date()));
    }
    await pod.start();
  }

  async setClusterFaults(faults: ClusterFaults): Promise<void> {
    await this.#cluster?.setFaults(faults);
  }

  async setPodFaults(namespace: string, pod: string, faults: PodFaults): Promise<void> {
    await this.#pod(namespace, pod).setFaults(faults);
  }

  async deletePod(namespace: string, name: string): Promise<void> {
    const pod = this.#pod(namespace, name);
    await pod.remove();
    this.#pods.delete(podKey(pod.config));
    this.#cluster?.deletePod(namespace, name);
  }

  async drainPod(namespace: string, name: string, graceMs: number): Promise<void> {
    const pod = this.#pod(namespace, name);
    this.#cluster?.setPodStatus(namespace, name, { terminating: true });
    await pod.drain(graceMs);
  }

  async settlePod(namespace: string, name: string, graceMs: number): Promise<void> {
    await this.#pod(namespace, name).settle(graceMs);
  }

  async waitReady(deadlineMs: number, pods?: readonly string[]): Promise<void> {
    const awaited = (pod: MeshPod) => (pods ? pods.includes(podKey(pod.config)) : pod.isThere && !pod.isLeaving);
    await waitFor(
      (seen) => {
        const missing = [...this.#pods.values()]
          .filter((pod) => awaited(pod) && !pod.ready)
          .map((pod) => podKey(pod.config));
        seen(`not ready: ${missing.join(', ')}`);
        return missing.length === 0 ? true : undefined;
      },
      {
        what: pods ? `${pods.join(', ')} is ready` : 'every pod of the simulated mesh is ready',
        deadlineMs,
        everyMs: 10,
        hint: 'see the logs of the services that are not ready',
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#pods.values()].map((pod) => pod.end()));
    await this.#api?.[Symbol.asyncDispose]();
  }

  async #startApi(): Promise<
    Pick<MeshStarted, 'kubernetesApiUrl' | 'caFile' | 'tokenFile' | 'operator'> & { cluster: Cluster }
  > {
    const { vizNamespace, kubernetesApi, dir, clusterFaults, trustDomain, controlPlaneNamespace } = this.#config;
    const token = () => randomBytes(24).toString('base64url');
    const prometheus = { name: serviceAccountUser(vizNamespace, 'prometheus'), token: token() };
    const operator = { name: 'operator', token: token() };
    const files = apiFiles(dir);
    try {
      await writeFile(files.tokenFile, prometheus.token, { mode: 0o600 });
      await mkdir(join(dir, 'operator'), { recursive: true });
      await writeFile(files.operator.caFile, this.#authority.anchorPem);
      await writeFile(files.operator.tokenFile, operator.token, { mode: 0o600 });
    } catch (cause) {
      throw new HarnessError('DIR_NOT_WRITABLE', `the mesh can't write to ${dir}: ${describe(cause)}`, {
        hint: 'check that the folder exists, can be written, and has space',
        cause,
      });
    }
    const objects = kubernetesObjects(this.#config, this.#objectOptions());
    const cluster = new Cluster(
      objects,
      {
        ...{ vizNamespace, prometheus, operator, caFile: files.caFile, caPem: this.#authority.anchorPem },
        otherCaPem: () => new IdentityAuthority({ trustDomain, controlPlaneNamespace }).anchorPem,
      },
      clusterFaults,
    );
    const { pods, users, rules } = cluster.atFirst;
    this.#api = await startKubernetesApi({
      listen: kubernetesApi,
      tls: this.#authority.issueServing([kubernetesApi.host, 'localhost', 'kubernetes.default.svc']),
      objects: [...objects.filter(({ kind }) => kind !== 'Pod'), ...pods],
      users,
      rules,
    });
    this.#cluster = cluster;
    await cluster.shownBy(this.#api);
    return { cluster, kubernetesApiUrl: this.#api.url, ...files };
  }

  #profileOf({ version }: MeshPodConfig): VersionProfile {
    return version === undefined ? this.#profile : findProfile(version);
  }

  #objectOptions(profile = this.#profile): ObjectOptions {
    return {
      linkerdVersion: profile.linkerdVersion,
      nativeSidecar: profile.chart.nativeSidecar,
      now: new Date(),
      trustRootSha256: ({ faults }) => {
        const authority = faults?.identity?.certificate === 'other-anchor' ? this.#anotherAuthority() : this.#authority;
        return createHash('sha256').update(authority.anchorPem).digest('hex');
      },
    };
  }

  #anotherAuthority(): IdentityAuthority {
    const { trustDomain, controlPlaneNamespace } = this.#config;
    this.#stranger ??= new IdentityAuthority({ trustDomain, controlPlaneNamespace });
    return this.#stranger;
  }

  #pod(namespace: string, name: string): MeshPod {
    const pod = this.#pods.get(`${namespace}/${name}`);
    if (pod) return pod;
    throw new HarnessError('UNKNOWN_POD', `the mesh has no pod ${namespace}/${name}`, {
      hint: `it has ${[...this.#pods.keys()].join(', ')}`,
    });
  }
}
