import { ADMIN_PATHS, type OriginRequest } from '../../../sim-services/contract.ts';
import { epochMs } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import { AGENT_PORT } from '../../core/load-agent.ts';
import type { PageEvidence } from '../../evidence/types.ts';
import type { PageTarget, ProxyPage } from '../contract.ts';
import type { Kube } from '../kubernetes/contract.ts';
import { PAGE_READER } from './page-reader/contract.ts';
import { readThrough } from './page-reader/evidence.ts';

const DEADLINE_MS = 20_000;
const PROXY_ADMIN_PORT = 4191;

/** One pod's ports that are no part of the mesh, through the API server. */
export class PodAdmin {
  readonly namespace: string;
  readonly pod: string;
  readonly #kube: Kube;

  constructor(kube: Kube, pod: { namespace: string; name: string }) {
    this.#kube = kube;
    this.namespace = pod.namespace;
    this.pod = pod.name;
  }

  /** Journals of all its incarnations, as text. */
  truth(): Promise<string> {
    return this.#request(AGENT_PORT, ADMIN_PATHS.truth);
  }

  async setOrigin(originEpochMs: number): Promise<void> {
    const body: OriginRequest = { originEpochMs };
    await this.#request(AGENT_PORT, ADMIN_PATHS.origin, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  }

  /** Its clock: now, as its stamps are taken. The load agent has the same path. */
  async clock(): Promise<number> {
    return (JSON.parse(await this.#request(AGENT_PORT, ADMIN_PATHS.clock)) as { nowEpochMs: number }).nowEpochMs;
  }

  /** Its proxy's page; by the reader in Prometheus' pod, where there is one. */
  async page(instance: string, reader: PodAdmin | null): Promise<ProxyPage> {
    const fromMs = epochMs();
    const text = await (reader ? reader.#read(instance) : this.#request(PROXY_ADMIN_PORT, '/metrics'));
    return { namespace: this.namespace, pod: this.pod, instance, fromMs, untilMs: epochMs(), text };
  }

  /** Of a pod with the reader: a page as Prometheus itself would get it. Never rejects. */
  async pageEvidence(target: PageTarget): Promise<PageEvidence> {
    const host = target.ip.includes(':') ? `[${target.ip}]` : target.ip;
    const base = await this.#kube.gateway(this.namespace, this.pod, PAGE_READER.port);
    return readThrough(`${base}${pagePath(`${host}:${target.port}`)}`, target);
  }

  #read(instance: string): Promise<string> {
    return this.#request(PAGE_READER.port, pagePath(instance));
  }

  async #request(port: number, path: string, init: RequestInit = {}): Promise<string> {
    const where = `${this.namespace}/${this.pod}:${port}${path}`;
    const hint = `kubectl -n ${this.namespace} describe pod ${this.pod}`;
    try {
      const base = await this.#kube.gateway(this.namespace, this.pod, port);
      const response = await fetch(`${base}${path}`, { ...init, signal: AbortSignal.timeout(DEADLINE_MS) });
      const text = await response.text();
      if (response.ok) return text;
      throw new HarnessError('POD_ADMIN', `${where} answered ${response.status}: ${text.slice(0, 300)}`, { hint });
    } catch (cause) {
      if (cause instanceof HarnessError) throw cause;
      throw new HarnessError('POD_ADMIN', `${where} can't be reached: ${(cause as Error).message}`, { hint, cause });
    }
  }
}

function pagePath(instance: string): string {
  return `${PAGE_READER.page}?instance=${encodeURIComponent(instance)}`;
}
