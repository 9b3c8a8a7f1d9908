import { randomInt } from 'node:crypto';
import http, { type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import type { SidecarSettings, SnapshotPod, SnapshotService } from '../contract.ts';

/** A network of loopback addresses, as pods have one. */
export function podAddresses(): () => string {
  const prefix = `127.${randomInt(10, 250)}.${randomInt(10, 250)}`;
  let host = 0;
  return () => `${prefix}.${++host}`;
}

export function settingsOf(workload: string, appPort: number | null): SidecarSettings {
  return {
    version: '2.20',
    trustDomain: 'cluster.local',
    controlPlaneNamespace: 'linkerd',
    vizNamespace: 'linkerd-viz',
    workloadKind: 'Deployment',
    workload,
    podTemplateHash: 'abc',
    ports: appPort === null ? [] : [appPort],
    opaquePorts: [],
    egressPorts: [],
    app: appPort === null ? null : { port: appPort, readyPath: '/readyz', livePath: '/healthz' },
  };
}

export function snapshotPod(workload: string, ip: string, extra: Partial<SnapshotPod> = {}): SnapshotPod {
  return {
    namespace: 'shop',
    name: `${workload}-abc-0`,
    uid: `${workload}-${ip}`,
    ip,
    workloadKind: 'Deployment',
    workload,
    serviceAccount: workload,
    podTemplateHash: 'abc',
    ready: true,
    meshed: true,
    ...extra,
  };
}

export function snapshotService(
  name: string,
  targetPort: number,
  pods: string[],
  extra: Partial<SnapshotService> = {},
): SnapshotService {
  return { namespace: 'shop', name, clusterIp: '10.96.0.1', port: 80, targetPort, pods, ...extra };
}

/** An app of a pod; `requests` counts those that are no probes. */
export class App implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #counted: { requests: number };

  private constructor(server: Server, counted: { requests: number }) {
    this.#server = server;
    this.#counted = counted;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(handler: RequestListener, host = '127.0.0.1', port = 0): Promise<App> {
    const counted = { requests: 0 };
    const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      if (request.url === '/readyz') {
        response.end('ok');
        return;
      }
      counted.requests++;
      handler(request, response);
    });
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
    return new App(server, counted);
  }

  get requests(): number {
    return this.#counted.requests;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Sends requests one after another over each of some connections, until told to stop. Resolves with the statuses' counts. */
export async function load(
  outbound: { host: string; port: number },
  host: string,
  until: (sent: number) => boolean,
  users = 4,
): Promise<Record<number, number>> {
  const pool = new Pool(`http://${outbound.host}:${outbound.port}`, { connections: users });
  const statuses: Record<number, number> = {};
  let sent = 0;
  const user = async () => {
    while (!until(sent)) {
      sent++;
      const { statusCode, body } = await pool.request({ path: '/', method: 'GET', headers: { host } });
      await body.dump();
      statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: users }, user));
  await pool.close();
  return statuses;
}

export async function get(
  host: string,
  port: number,
  path: string,
): Promise<{ status: number; text: string } | undefined> {
  return new Promise((resolve) => {
    const request = http.get({ host, port, path, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
    });
    request.once('error', () => resolve(undefined));
  });
}

/** Sum of the samples of a family whose labels contain all of `parts`. */
export function sum(text: string, family: string, ...parts: string[]): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${family}{`) && parts.every((part) => line.includes(part)))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
