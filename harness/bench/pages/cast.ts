import { WIDTH } from './names.ts';
import type { PageModel } from './page-model.ts';
import { nameSuffix, seededRandom } from './random.ts';
import { NAMESPACE } from './traffic.ts';
import type { PodInfo } from './types.ts';

/** Addresses have three digits in each part, so that all are as long. */
const FIRST = 100;
const PER_PART = 100;
const PREFIX = 'app-';

/** Who is who in a fleet, by its seed: names and addresses of workloads, their pods and their peers. */
export class Cast {
  readonly #seed: number;
  readonly #replicas: number;
  readonly workloads: number;

  constructor(options: { seed: number; pods: number; replicas: number }) {
    this.#seed = options.seed;
    this.#replicas = options.replicas;
    this.workloads = Math.ceil(options.pods / options.replicas);
  }

  /** Of the pods there are at first; those that replace them keep the workload. */
  workloadOf(serial: number): number {
    return Math.floor(serial / this.#replicas);
  }

  /** Of the pod with this number; pods that come later have later numbers. */
  ip(serial: number): string {
    const parts = [Math.floor(serial / PER_PART ** 2) + (this.#seed >>> 0), Math.floor(serial / PER_PART), serial];
    return ['127', ...parts.map((part) => FIRST + (part % PER_PART))].join('.');
  }

  podName(workload: number, serial: number): string {
    return `${workloadName(workload)}-${this.#hash(workload)}-${this.#suffix(serial)}`;
  }

  pod(workload: number, serial: number, at: { host: string; port: number }): PodInfo {
    const name = workloadName(workload);
    return {
      namespace: NAMESPACE,
      name: this.podName(workload, serial),
      workload: name,
      ip: at.host,
      port: at.port,
      labels: {
        app: name,
        'linkerd.io/control-plane-ns': 'linkerd',
        'linkerd.io/proxy-deployment': name,
        'linkerd.io/workload-ns': NAMESPACE,
        'pod-template-hash': this.#hash(workload),
      },
    };
  }

  /**
   * The names on the pages of a workload, in the order of their placeholders: it calls the workloads after it, and is called by
   * those before it. Where a fleet has fewer, more are made up.
   */
  namesOf(workload: number, { traffic }: PageModel): string[] {
    const { services, endpoints, clients, names } = traffic;
    const all = Math.max(this.workloads, services.length + 1, clients.length + 1);
    const found = new Map<string, string>([[traffic.ownWorkload, workloadName(workload)]]);
    for (const [i, placeholder] of clients.entries()) {
      found.set(placeholder, workloadName((workload + all - 1 - i) % all));
    }
    for (const [i, service] of services.entries()) {
      const called = (workload + 1 + i) % all;
      found.set(service.workload, workloadName(called));
      found.set(service.hash, this.#hash(called));
      found.set(
        service.clusterIp,
        `10.${FIRST + 4}.${FIRST + Math.floor(called / PER_PART)}.${FIRST + (called % PER_PART)}`,
      );
      for (const [replica, endpoint] of endpoints.filter((e) => e.service === i).entries()) {
        const serial = called * this.#replicas + replica;
        found.set(endpoint.ip, this.ip(serial));
        found.set(endpoint.suffix, this.#suffix(serial));
      }
    }
    return names.placeholders.map((placeholder) => found.get(placeholder) ?? placeholder);
  }

  #hash(workload: number): string {
    return nameSuffix(WIDTH.hash, seededRandom(this.#seed ^ Math.imul(workload + 1, 0x1f123bb5)));
  }

  #suffix(serial: number): string {
    return nameSuffix(WIDTH.suffix, seededRandom(this.#seed ^ Math.imul(serial + 1, 0x5bd1e995)));
  }
}

export function workloadName(workload: number): string {
  return PREFIX + String(workload).padStart(WIDTH.workload - PREFIX.length, '0');
}

/** How many workloads and pods have names of their own. */
export const MOST_WORKLOADS = 10 ** (WIDTH.workload - PREFIX.length);
export const MOST_PODS = PER_PART ** 3;
