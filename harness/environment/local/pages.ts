import http from 'node:http';
import { epochMs } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import type { Address, MeshPodConfig } from '../../mesh/contract.ts';
import type { ProxyPage } from '../contract.ts';

/** A sidecar answers in milliseconds; one whose port is dead would keep everybody waiting. */
const DEADLINE_MS = 2500;
/** For one that did not answer in time before. */
const AGAIN_MS = 400;

/** Reads the sidecars' pages, as Prometheus would; again and again, without waiting long for one that has not answered before. */
export class PageReader {
  readonly #via: Address | undefined;
  readonly #deadlines: { deadlineMs: number; againMs: number };
  readonly #late = new Set<string>();
  readonly #last: ProxyPage[] = [];

  /** @param via the outbound side of another sidecar, whose identity the page's proxy then sees */
  constructor(via?: Address, deadlines = { deadlineMs: DEADLINE_MS, againMs: AGAIN_MS }) {
    this.#via = via;
    this.#deadlines = deadlines;
  }

  /** The last pages of those that are gone. */
  get last(): readonly ProxyPage[] {
    return this.#last;
  }

  /** Of a pod that is about to go: what its proxy has counted is kept. Where it can't be read, nothing is. */
  async readLast(pod: MeshPodConfig): Promise<void> {
    const page = await this.read(pod).catch(() => null);
    if (page) this.#last.push(page);
  }

  /** @throws HarnessError PROXY_PAGE */
  async read(pod: MeshPodConfig): Promise<ProxyPage> {
    const instance = `${pod.admin.host}:${pod.admin.port}`;
    const fromMs = epochMs();
    const deadlineMs = this.#late.has(instance) ? this.#deadlines.againMs : this.#deadlines.deadlineMs;
    try {
      const text = await get(instance, this.#via, deadlineMs);
      this.#late.delete(instance);
      return { namespace: pod.namespace, pod: pod.name, instance, fromMs, untilMs: epochMs(), text };
    } catch (cause) {
      const late = (cause as Error).name === 'TimeoutError';
      if (late) this.#late.add(instance);
      const why = late ? `no answer within ${deadlineMs} ms` : (cause as Error).message;
      throw new HarnessError(
        'PROXY_PAGE',
        `${pod.namespace}/${pod.name}: http://${instance}/metrics can't be read: ${why}`,
        {
          hint: this.#via
            ? "no answer on its admin port, or none for Prometheus' identity; see logs/mesh.log and the scenario's policies"
            : 'the sidecar does not answer on its admin port; see logs/mesh.log',
          cause,
        },
      );
    }
  }
}

/** The page's text. @throws Error for any status but 200, and for an end before the page's */
function get(instance: string, via: Address | undefined, deadlineMs: number): Promise<string> {
  const url = `http://${instance}/metrics`;
  // To a proxy the whole URL is asked for, as Prometheus does with `proxy_url`.
  const where = via ? { ...via, path: url } : { path: '/metrics', ...addressOf(instance) };
  const signal = AbortSignal.timeout(deadlineMs);
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(signal.aborted ? signal.reason : error);
    const request = http.get({ ...where, headers: { host: instance }, agent: false, signal }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', fail);
      response.once('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    request.once('error', fail);
  });
}

function addressOf(instance: string): Address {
  const { hostname, port } = new URL(`http://${instance}`);
  return { host: hostname, port: Number(port) };
}
