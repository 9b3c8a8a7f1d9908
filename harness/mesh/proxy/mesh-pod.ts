import { HarnessError } from '../../core/errors.ts';
import { sleep } from '../../core/wait.ts';
import type { MeshConfig, MeshPodConfig, PodFaults } from '../contract.ts';
import { ComponentServer, countedBySidecar } from '../control-plane.ts';
import type { IdentityAuthority } from '../identity/authority.ts';
import type { RefreshPolicy } from '../identity/credentials.ts';
import { Kubelet } from '../probes.ts';
import type { VersionProfile } from '../profiles/index.ts';
import { ControlWatches, reportCertified, reportNotCertified, reportUnusable } from './control-clients.ts';
import { type Discovery, podKey } from './discovery.ts';
import { FaultState } from './faults/fault-state.ts';
import { PodIdentity, UnusableCertificate } from './faults/pod-identity.ts';
import { peerOf } from './peer.ts';
import { podEnvironment, podTelemetry } from './pod-telemetry.ts';
import type { ProcessShares } from './process-share.ts';
import { seededRandom } from './random.ts';
import { Sidecar } from './sidecar.ts';
import { TcpMeter } from './tcp-meter.ts';

/** Until the kubelet has noticed that a container died, and the endpoint is withdrawn, ms. */
const NOTICE_MS = 500;

/** How long a pod that is deleted may take for what is under way, ms. */
const GRACE_MS = 1000;
const PROXY_CONTAINER = 'linkerd-proxy';
/** How long a pod that leaves serves on as ever, ms: until everybody has heard of it, as with a preStop hook. */
const HEARD_MS = 200;
const LOOK_EVERY_MS = 10;

export interface PodContext {
  config: MeshConfig;
  profile: VersionProfile;
  authority: IdentityAuthority;
  discovery: Discovery;
  shares: ProcessShares;
  /** An authority that nobody trusts but those whose certificates it signs. */
  stranger(): IdentityAuthority;
  refresh?: RefreshPolicy;
  /** Tells the Kubernetes API. */
  status(pod: MeshPodConfig, change: { ready?: boolean; restartCount?: number; container?: string }): void;
}

interface Incarnation {
  /** null: the app stands alone. */
  proxy: { sidecar: Sidecar; identity: PodIdentity; closeAccount: () => void; components: ComponentServer[] } | null;
  kubelet: Kubelet;
}

/** One pod of the mesh through all its incarnations. */
export class MeshPod {
  readonly #context: PodContext;
  readonly #index: number;
  readonly #faults: FaultState;
  #config: MeshPodConfig;
  #running: Incarnation | null = null;
  #restarts = 0;
  #isThere: boolean;
  #isLeaving = false;
  /** What of it was killed last. */
  #killed: { container?: string } = {};
  #notice: NodeJS.Timeout | undefined;

  constructor(context: PodContext, config: MeshPodConfig, index: number) {
    this.#context = context;
    this.#config = config;
    this.#index = index;
    this.#isThere = !config.startsLater;
    this.#faults = new FaultState(config.faults ?? {}, context.stranger);
  }

  get config(): MeshPodConfig {
    return this.#config;
  }

  /** Not so before it has been started, where it starts later. */
  get isThere(): boolean {
    return this.#isThere;
  }

  /** It is being deleted, and ends in order. */
  get isLeaving(): boolean {
    return this.#isLeaving;
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
    this.#isThere = true;
    this.#withdraw();
    const proxy = this.#faults.current.absent ? null : await this.#startProxy();
    this.#running = { proxy, kubelet: this.#watch(proxy?.sidecar ?? null) };
    if (this.#restarts > 0) this.#context.status(this.config, { restartCount: this.#restarts, ...this.#killed });
  }

  /** Replaces what is wrong with its proxy; where there was none or will be none, one is started or ended. @throws HarnessError PORT_TAKEN */
  async setFaults(faults: PodFaults): Promise<void> {
    const { absent = false } = this.#faults.current;
    this.#faults.current = faults;
    this.#config = { ...this.#config, faults };
    const proxy = this.#running?.proxy;
    if (absent === (faults.absent ?? false)) {
      proxy?.identity.apply();
      await proxy?.sidecar.applyFaults();
      return;
    }
    // Another pod in its place, as far as its peers are concerned.
    this.#context.discovery.replacePeer(peerOf(this.#config));
    if (!this.#running) return;
    await this.#stop();
    await this.start();
  }

  async #startProxy(): Promise<NonNullable<Incarnation['proxy']>> {
    const { config: mesh, profile, authority, discovery, shares, refresh } = this.#context;
    const pod = this.config;
    const faults = this.#faults;
    let sidecar: Sidecar | null = null;
    const account = shares.open(
      () => sidecar?.handled ?? 0,
      () => sidecar?.openFds ?? 0,
    );
    const began = performance.now();
    const identity = new PodIdentity(authority, pod, faults, refresh);
    const telemetry = podTelemetry(profile, account.info, pod.component, mesh, () => faults.current.retainIdleMs);
    reportCertified(telemetry, performance.now() - began);
    identity.credentials.onFailed((cause) => {
      if (cause instanceof UnusableCertificate) reportUnusable(telemetry, 0);
      else reportNotCertified(telemetry);
    });
    identity.apply();
    const watches = new ControlWatches(telemetry);
    watches.atStart((pod.app ? 1 : 0) + pod.componentPorts.length);
    const components: ComponentServer[] = [];
    try {
      sidecar = await Sidecar.start({
        pod: { ...pod, opaquePorts: pod.opaquePorts ?? this.#opaquePorts() },
        credentials: identity.credentials,
        telemetry,
        meter: new TcpMeter(),
        discovery,
        watches,
        names: mesh,
        env: podEnvironment(pod, mesh),
        transportHeader: profile.behaviour.transportHeader,
        faults,
        random: seededRandom(`${podKey(pod)}#${this.#restarts}`),
      });
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
    } catch (error) {
      account.close();
      await endAll(sidecar, components);
      throw error;
    }
    return { sidecar, identity, components, closeAccount: account.close };
  }

  /** As SIGKILL. Peers notice by their connections, the control plane half a second later. @param alone the app lives on */
  async kill(alone = false): Promise<void> {
    if (!this.#running) return;
    this.#restarts++;
    this.#killed = alone ? { container: PROXY_CONTAINER } : {};
    const ended = this.#stop();
    this.#notice = setTimeout(() => this.#withdraw(), NOTICE_MS);
    this.#notice.unref();
    await ended;
  }

  /** As when it is deleted: nobody is sent there any more; it ends when what is under way has, or after a while. */
  async remove(): Promise<void> {
    clearTimeout(this.#notice);
    this.#isLeaving = true;
    this.#withdraw();
    const sidecar = this.#running?.proxy?.sidecar;
    await until(() => !sidecar || sidecar.inFlight === 0, GRACE_MS);
    await this.#stop();
    this.#context.discovery.removePeer(podKey(this.config));
  }

  /**
   * Nobody is sent there any more; peers are asked to let go of their connections, and what is under way ends. Resolves when
   * nothing is left that came from outside, or after the grace; its app may end then.
   */
  async drain(graceMs: number): Promise<void> {
    const { discovery, status } = this.#context;
    clearTimeout(this.#notice);
    this.#isLeaving = true;
    discovery.leave(podKey(this.config));
    status(this.config, { ready: false });
    // A kubelet does not probe what it ends.
    this.#running?.kubelet[Symbol.dispose]();
    const sidecar = this.#running?.proxy?.sidecar;
    if (!sidecar) return;
    const end = performance.now() + graceMs;
    await sleep(Math.min(HEARD_MS, graceMs));
    sidecar.retire();
    await until(() => sidecar.isRetired, end - performance.now());
  }

  /** Its app has ended: resolves when its proxy has no connection of it any more, or after the grace. */
  async settle(graceMs: number): Promise<void> {
    const sidecar = this.#running?.proxy?.sidecar;
    await until(() => !sidecar || sidecar.isAlone, graceMs);
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
    const { proxy } = running;
    if (!proxy) return;
    proxy.closeAccount();
    await endAll(proxy.sidecar, proxy.components);
  }

  #watch(sidecar: Sidecar | null): Kubelet {
    const { config, discovery, status } = this.#context;
    return new Kubelet({
      pod: this.config,
      admin: () => sidecar?.probed ?? null,
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

/** Or until the time is over. */
async function until(is: () => boolean, ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (!is() && performance.now() < end) await sleep(LOOK_EVERY_MS);
}

async function endAll(sidecar: Sidecar | null, components: ComponentServer[]): Promise<void> {
  await Promise.all([sidecar?.kill(), ...components.map((server) => server[Symbol.asyncDispose]())]);
}
