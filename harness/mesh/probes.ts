import http from 'node:http';
import net from 'node:net';
import { sleep } from '../core/wait.ts';
import type { Address, MeshPodConfig } from './contract.ts';

/** As a pod spec's defaults: a probe has a second, three failures in a row make a pod unready. */
const PROBE_TIMEOUT_MS = 1000;
const FAILURE_THRESHOLD = 3;
/** How often a container that is starting is looked at. */
const STARTUP_PERIOD_MS = 25;

export interface KubeletOptions {
  pod: MeshPodConfig;
  /** Where the proxy's admin listener is; null: there is no proxy. Absent: where the pod says. */
  admin?: () => Address | null;
  intervalMs: number;
  /** Where in the interval this pod's probes lie, from 0 to 1: kubelets do not probe all pods at once. */
  phase: number;
  readyChanged(ready: boolean): void;
  /** Test seam: how a probe is made. Default: HTTP/1.1 over a new connection, as the kubelet does. */
  probe?: (address: Address, path: string) => Promise<boolean>;
}

/**
 * The kubelet's eye on one pod: liveness and readiness of the proxy on its admin port, those of the app through the
 * inbound proxy in plaintext, or past it where the app's port is skipped or another port is probed. Readiness of both makes the pod ready.
 */
export class Kubelet implements Disposable {
  readonly #options: KubeletOptions;
  readonly #stop = new AbortController();
  readonly #probe: (address: Address, path: string) => Promise<boolean>;
  #failures = 0;
  #ready = false;

  constructor(options: KubeletOptions) {
    this.#options = options;
    this.#probe = options.probe ?? httpProbe;
    this.#run().catch(() => {
      // Ended by dispose.
    });
  }

  get ready(): boolean {
    return this.#ready;
  }

  [Symbol.dispose](): void {
    this.#stop.abort(new Error('the kubelet stopped watching'));
  }

  async #run(): Promise<void> {
    const { pod, intervalMs, phase } = this.#options;
    const { signal } = this.#stop;
    // A container that has not started is not probed: its port does not accept yet.
    if (pod.app) while (!(await accepts(pod.app.probe ?? pod.app.address))) await sleep(STARTUP_PERIOD_MS, signal);
    while (!this.#ready) {
      await this.#readiness();
      if (!this.#ready) await sleep(STARTUP_PERIOD_MS, signal);
    }
    await sleep(intervalMs * phase, signal);
    for (;;) {
      await Promise.all([this.#readiness(), this.#liveness()]);
      await sleep(intervalMs, signal);
    }
  }

  async #readiness(): Promise<void> {
    const { pod } = this.#options;
    const admin = this.#admin();
    const probes = admin ? [this.#probe(admin, '/ready')] : [];
    if (pod.app) probes.push(this.#probe(probedAt(pod, admin), pod.app.readyPath));
    for (const { address } of pod.componentPorts) probes.push(this.#probe(address, '/ready'));
    const ok = (await Promise.all(probes)).every(Boolean);
    if (this.#stop.signal.aborted) return;
    this.#failures = ok ? 0 : this.#failures + 1;
    if (ok && !this.#ready) this.#change(true);
    else if (this.#ready && this.#failures >= FAILURE_THRESHOLD) this.#change(false);
  }

  /** Liveness is asked for, as its share of the traffic is seen in the metrics; a restart is left to the scenario. */
  async #liveness(): Promise<void> {
    const { pod } = this.#options;
    const admin = this.#admin();
    const probes = admin ? [this.#probe(admin, '/live')] : [];
    if (pod.app) probes.push(this.#probe(probedAt(pod, admin), pod.app.livePath));
    for (const { address } of pod.componentPorts) probes.push(this.#probe(address, '/ping'));
    await Promise.all(probes);
  }

  #admin(): Address | null {
    const { admin, pod } = this.#options;
    return admin ? admin() : pod.admin;
  }

  #change(ready: boolean): void {
    this.#ready = ready;
    this.#options.readyChanged(ready);
  }
}

/** Where the kubelet's probes of the app go. @param admin null: there is no proxy */
function probedAt({ app, inbound, skipsInbound }: MeshPodConfig, admin: Address | null): Address {
  return app?.probe ?? (app && (skipsInbound || !admin) ? app.address : inbound);
}

/** One probe: true for a status from 200 to 399 within the timeout. */
export function httpProbe(address: Address, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get(
      {
        ...address,
        path,
        agent: false,
        headers: { 'user-agent': 'kube-probe/1.34', accept: '*/*', connection: 'close' },
      },
      (response) => {
        response.resume();
        response.once('end', () => resolve((response.statusCode ?? 0) >= 200 && (response.statusCode ?? 0) < 400));
        response.once('close', () => resolve(false));
      },
    );
    const timer = setTimeout(() => request.destroy(), PROBE_TIMEOUT_MS);
    request.on('error', () => resolve(false));
    request.once('close', () => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}

function accepts(address: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(address);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
