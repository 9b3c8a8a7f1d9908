import { HarnessError } from '../../core/errors.ts';
import type { MeshConfig, MeshPodConfig } from '../contract.ts';
import { ComponentServer, countedBySidecar } from '../control-plane.ts';
import type { IdentityAuthority } from '../identity/authority.ts';
import { type RefreshPolicy, WorkloadCredentials } from '../identity/credentials.ts';
import { Kubelet } from '../probes.ts';
import type { VersionProfile } from '../profiles/index.ts';
import { ControlWatches, reportCertified } from './control-clients.ts';
import { type Discovery, podKey } from './discovery.ts';
import { podEnvironment, podTelemetry } from './pod-telemetry.ts';
import type { ProcessShares } from './process-share.ts';
import { seededRandom } from './random.ts';
import { Sidecar } from './sidecar.ts';
import { TcpMeter } from './tcp-meter.ts';

/** Until the kubelet has noticed that a container died, and the endpoint is withdrawn, ms. */
const NOTICE_MS = 500;

export interface PodContext {
  config: MeshConfig;
  profile: VersionProfile;
  authority: IdentityAuthority;
  discovery: Discovery;
  shares: ProcessShares;
  refresh?: RefreshPolicy;
  /** Tells the Kubernetes API. */
  status(pod: MeshPodConfig, change: { ready?: boolean; restartCount?: number }): void;
}

interface Incarnation {
  sidecar: Sidecar;
  kubelet: Kubelet;
  components: ComponentServer[];
  closeAccount: () => void;
}

/** One pod of the mesh through all its incarnations. */
export class MeshPod {
  readonly config: MeshPodConfig;
  readonly #context: PodContext;
  readonly #index: number;
  #running: Incarnation | null = null;
  #restarts = 0;
  #notice: NodeJS.Timeout | undefined;

  constructor(context: PodContext, config: MeshPodConfig, index: number) {
    this.#context = context;
    this.config = config;
    this.#index = index;
  }

  get ready(): boolean {
    return this.#running?.kubelet.ready ?? false;
  }

  /** @throws HarnessError POD_RUNNING, PORT_TAKEN */
  async start(): Promise<void> {
    if (this.#running) {
      throw new HarnessError('POD_RUNNING', `${podKey(this.config)} runs already`, { hint: 'kill it first' });
    }
    clearTimeout(this.#notice);
    this.#withdraw();
    const { config: mesh, profile, authority, discovery, shares, refresh, status } = this.#context;
    const pod = this.config;
    let sidecar: Sidecar | null = null;
    const account = shares.open(
      () => sidecar?.handled ?? 0,
      () => sidecar?.openFds ?? 0,
    );
    const began = performance.now();
    const credentials = WorkloadCredentials.issuedBy(authority, pod, refresh);
    const telemetry = podTelemetry(profile, account.info, pod.component, mesh);
    reportCertified(telemetry, performance.now() - began);
    const watches = new ControlWatches(telemetry);
    watches.atStart((pod.app ? 1 : 0) + pod.componentPorts.length);
    try {
      sidecar = await Sidecar.start({
        pod: { ...pod, opaquePorts: pod.opaquePorts ?? this.#opaquePorts() },
        credentials,
        telemetry,
        meter: new TcpMeter(),
        discovery,
        watches,
        names: mesh,
        env: podEnvironment(pod, mesh),
        random: seededRandom(`${podKey(pod)}#${this.#restarts}`),
      });
    } catch (error) {
      account.close();
      throw error;
    }
    const components: ComponentServer[] = [];
    this.#running = { sidecar, components, closeAccount: account.close, kubelet: this.#watch() };
    for (const port of pod.componentPorts) {
      components.push(
        await ComponentServer.start({
          container: port.container,
          listen: port.address,
          facts: this.#facts(),
          where: podKey(pod),
          observer: countedBySidecar(pod, port, telemetry),
        }),
      );
    }
    if (this.#restarts > 0) status(pod, { restartCount: this.#restarts });
  }

  /** As SIGKILL. Peers notice by their connections, the control plane half a second later. */
  async kill(): Promise<void> {
    if (!this.#running) return;
    this.#restarts++;
    const ended = this.#stop();
    this.#notice = setTimeout(() => this.#withdraw(), NOTICE_MS);
    this.#notice.unref();
    await ended;
  }

  /** The end of the mesh. */
  async end(): Promise<void> {
    clearTimeout(this.#notice);
    await this.#stop();
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    running.kubelet[Symbol.dispose]();
    running.closeAccount();
    await Promise.all([running.sidecar.kill(), ...running.components.map((server) => server[Symbol.asyncDispose]())]);
  }

  #watch(): Kubelet {
    const { config, discovery, status } = this.#context;
    return new Kubelet({
      pod: this.config,
      intervalMs: config.probeIntervalMs,
      phase: seededRandom(`probe ${podKey(this.config)} ${this.#index}`)(),
      readyChanged: (ready) => {
        discovery.setReady(podKey(this.config), ready);
        status(this.config, { ready });
      },
    });
  }

  #withdraw(): void {
    const { discovery, status } = this.#context;
    if (!discovery.isReady(podKey(this.config))) return;
    discovery.setReady(podKey(this.config), false);
    status(this.config, { ready: false });
  }

  /** Those of the Services before it: in a cluster their annotation stands on the pods too. */
  #opaquePorts(): number[] {
    const { namespace, name, app } = this.config;
    const opaque = this.#context.config.services.some(
      (service) => service.policy?.opaque && service.namespace === namespace && service.pods.includes(name),
    );
    return opaque && app ? [app.labelPort] : [];
  }

  #facts() {
    const { config, discovery, authority } = this.#context;
    return {
      endpoints: () =>
        config.services.map((service) => ({
          namespace: service.namespace,
          service: service.name,
          pods: discovery.endpoints(service).length,
        })),
      issuerTtlSeconds: () => (authority.issuerNotAfterEpochMs - Date.now()) / 1000,
      admissions: () => [{ ownerKind: 'deployment', namespace: '', skipped: false, count: config.pods.length }],
    };
  }
}
