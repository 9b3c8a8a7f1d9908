import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, HarnessError } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import type { MeshConfig, MeshStarted } from './contract.ts';
import { IdentityAuthority } from './identity/authority.ts';
import { type KubernetesApi, startKubernetesApi } from './kubernetes/api.ts';
import { kubernetesObjects } from './kubernetes/objects.ts';
import { serviceAccountUser, vizPrometheusGrant } from './kubernetes/rbac.ts';
import { findProfile, type VersionProfile } from './profiles/index.ts';
import { Discovery, podKey } from './proxy/discovery.ts';
import { MeshPod, type PodContext } from './proxy/mesh-pod.ts';
import { peerOf } from './proxy/peer.ts';
import { ProcessShares } from './proxy/process-share.ts';

/** A running mesh: sidecars, identities and the Kubernetes API, all in this process. */
export interface Mesh extends AsyncDisposable {
  readonly started: MeshStarted;
  /** Ends a pod's sidecar as SIGKILL would. @throws HarnessError UNKNOWN_POD */
  killPod(namespace: string, pod: string): Promise<void>;
  /** A new incarnation of a killed pod's sidecar. @throws HarnessError UNKNOWN_POD, POD_RUNNING, PORT_TAKEN */
  startPod(namespace: string, pod: string): Promise<void>;
  /** Resolves when each pod is ready. @throws DeadlineExceededError naming those that are not */
  waitReady(deadlineMs: number): Promise<void>;
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
  #started: MeshStarted | null = null;

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
    const { api, caFile, tokenFile } = await this.#startApi();
    const context: PodContext = {
      config,
      profile: this.#profile,
      authority: this.#authority,
      discovery: new Discovery(config.services, config.pods.map(peerOf), config.trustDomain),
      shares: new ProcessShares(),
      status: (pod, change) => api.setPodStatus(pod.namespace, pod.name, change),
    };
    for (const [index, pod] of config.pods.entries()) {
      api.setPodStatus(pod.namespace, pod.name, { ready: false });
      this.#pods.set(podKey(pod), new MeshPod(context, pod, index));
    }
    await Promise.all([...this.#pods.values()].map((pod) => pod.start()));
    this.#started = {
      kubernetesApiUrl: api.url,
      caFile,
      tokenFile,
      proxyVersion: this.#profile.proxyVersion,
      linkerdVersion: this.#profile.linkerdVersion,
    };
  }

  async killPod(namespace: string, pod: string): Promise<void> {
    await this.#pod(namespace, pod).kill();
  }

  async startPod(namespace: string, pod: string): Promise<void> {
    await this.#pod(namespace, pod).start();
  }

  async waitReady(deadlineMs: number): Promise<void> {
    await waitFor(
      (seen) => {
        const missing = [...this.#pods.values()].filter((pod) => !pod.ready).map((pod) => podKey(pod.config));
        seen(`not ready: ${missing.join(', ')}`);
        return missing.length === 0 ? true : undefined;
      },
      {
        what: 'every pod of the simulated mesh is ready',
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

  async #startApi(): Promise<{ api: KubernetesApi; caFile: string; tokenFile: string }> {
    const { vizNamespace, kubernetesApi, dir } = this.#config;
    const token = randomBytes(24).toString('base64url');
    const caFile = join(dir, 'ca.crt');
    const tokenFile = join(dir, 'token');
    try {
      await writeFile(caFile, this.#authority.anchorPem);
      await writeFile(tokenFile, token, { mode: 0o600 });
    } catch (cause) {
      throw new HarnessError('DIR_NOT_WRITABLE', `the mesh can't write to ${dir}: ${describe(cause)}`, {
        hint: 'check that the folder exists, can be written, and has space',
        cause,
      });
    }
    const serving = this.#authority.issueServing([kubernetesApi.host, 'localhost', 'kubernetes.default.svc']);
    this.#api = await startKubernetesApi({
      listen: kubernetesApi,
      tls: serving,
      objects: kubernetesObjects(this.#config, {
        linkerdVersion: this.#profile.linkerdVersion,
        nativeSidecar: true,
        now: new Date(),
      }),
      users: [{ name: serviceAccountUser(vizNamespace, 'prometheus'), token }],
      rules: [vizPrometheusGrant(vizNamespace)],
    });
    return { api: this.#api, caFile, tokenFile };
  }

  #pod(namespace: string, name: string): MeshPod {
    const pod = this.#pods.get(`${namespace}/${name}`);
    if (pod) return pod;
    throw new HarnessError('UNKNOWN_POD', `the mesh has no pod ${namespace}/${name}`, {
      hint: `it has ${[...this.#pods.keys()].join(', ')}`,
    });
  }
}
