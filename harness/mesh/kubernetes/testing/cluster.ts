import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { epochMs } from '../../../core/clock.ts';
import { linkerdVizConfig } from '../../../prometheus/scrape-config.ts';
import { type PrometheusServer, startPrometheus } from '../../../prometheus/server.ts';
import { freePort, prometheusBinary } from '../../../prometheus/testing/binary.ts';
import { loopback } from '../../../prometheus/testing/loopback.ts';
import type { MeshPodConfig } from '../../contract.ts';
import { IdentityAuthority } from '../../identity/authority.ts';
import { type AuditEntry, type KubernetesApi, type RoleGrant, startKubernetesApi } from '../api.ts';
import { kubernetesObjects } from '../objects.ts';
import { serviceAccountUser, vizPrometheusGrant } from '../rbac.ts';
import { meshConfig, podConfig, RELEASE } from './mesh-config.ts';

/** A stand-in for a sidecar's admin server, which keeps what it answered and when. */
export class AdminServer implements AsyncDisposable {
  readonly ip: string;
  readonly served: { t: number; page: string }[] = [];
  /** Makes the next page. */
  page: () => string;
  readonly #server: Server;

  private constructor(server: Server, ip: string, page: () => string) {
    this.#server = server;
    this.ip = ip;
    this.page = page;
  }

  static async start(page: () => string): Promise<AdminServer> {
    const ip = loopback();
    const server = createServer((request, response) => {
      if (request.url !== '/metrics') {
        response.writeHead(404).end();
        return;
      }
      const text = admin.page();
      admin.served.push({ t: epochMs(), page: text });
      response.writeHead(200, { 'content-type': 'text/plain' }).end(text);
    });
    const admin = new AdminServer(server, ip, page);
    server.listen(0, ip);
    await once(server, 'listening');
    return admin;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** A pod of which this is the admin server. */
  pod(change: Partial<MeshPodConfig>): MeshPodConfig {
    return podConfig({ ip: this.ip, admin: { host: this.ip, port: this.port }, ...change });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

export interface ClusterOptions {
  pods: MeshPodConfig[];
  /** What Prometheus presents; the API knows `secret`. */
  token?: string;
  rules?: RoleGrant[];
  /** PEM of the CA that Prometheus trusts, when it is not the API's. */
  caPem?: string;
}

export interface Cluster extends AsyncDisposable {
  api: KubernetesApi;
  audit: AuditEntry[];
  prometheus: PrometheusServer;
}

const SCRAPE_INTERVAL_MS = 600;

/** The simulated API and a real Prometheus with linkerd-viz's configuration that discovers through it. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const host = loopback();
  const authority = new IdentityAuthority({ trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' });
  const audit: AuditEntry[] = [];
  const api = stack.use(
    await startKubernetesApi({
      listen: { host, port: 0 },
      tls: authority.issueServing([host]),
      objects: kubernetesObjects(meshConfig(options.pods), RELEASE),
      users: [{ name: serviceAccountUser('linkerd-viz', 'prometheus'), token: 'secret' }],
      rules: options.rules ?? [vizPrometheusGrant('linkerd-viz')],
      audit: (entry) => audit.push(entry),
    }),
  );
  const [configFile, caFile, tokenFile] = ['prometheus.yml', 'ca.crt', 'token'].map((name) => join(dir, name));
  const port = await freePort(host);
  await writeFile(caFile!, options.caPem ?? authority.anchorPem);
  await writeFile(tokenFile!, options.token ?? 'secret');
  await writeFile(
    configFile!,
    linkerdVizConfig({
      apiServer: api.url,
      caFile: caFile!,
      tokenFile: tokenFile!,
      scrapeIntervalMs: SCRAPE_INTERVAL_MS,
      scrapeTimeoutMs: SCRAPE_INTERVAL_MS,
      controlPlaneNamespace: 'linkerd',
      vizNamespace: 'linkerd-viz',
      selfAddress: `${host}:${port}`,
    }),
  );
  const prometheus = stack.use(
    await startPrometheus({
      tool: { path: prometheusBinary() },
      configFile: configFile!,
      dataDir: join(dir, 'data'),
      listen: { host, port },
      logFile: join(dir, 'prometheus.log'),
    }),
  );
  const owned = stack.move();
  return { api, audit, prometheus, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
