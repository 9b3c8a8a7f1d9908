import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe } from '../../core/errors.ts';
import type { KubernetesObject } from '../../core/kubernetes-object.ts';
import type { EvidencePod } from '../../evidence/types.ts';
import type { Labels } from '../../prometheus/client.ts';
import { askedFor, targetGroups } from '../../prometheus/http-discovery.ts';
import { discoverNode } from '../../prometheus/relabel/node-discovery.ts';
import { discoverPod } from '../../prometheus/relabel/pod-discovery.ts';
import { type ApiCredentials, listObjects } from './evidence/api.ts';

/** Discovery in Kubernetes for a Prometheus that has none: with its own token and CA, as it would be let in itself. */
export class HttpDiscovery implements AsyncDisposable {
  /** `http://host:port`. */
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    const { address, port } = server.address() as AddressInfo;
    this.url = `http://${address}:${port}`;
  }

  static async start(credentials: ApiCredentials, host: string): Promise<HttpDiscovery> {
    const server = createServer((request, response) => {
      request.resume();
      void answer(credentials, `http://${host}${request.url}`, response);
    });
    server.listen(0, host);
    await once(server, 'listening');
    return new HttpDiscovery(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function answer(credentials: ApiCredentials, url: string, response: ServerResponse): Promise<void> {
  const asked = askedFor(url);
  if (!asked) return void response.writeHead(404).end();
  try {
    const kind = asked.role === 'pod' ? 'Pod' : 'Node';
    const objects = await listObjects(credentials, { apiVersion: 'v1', kind }, asked.namespaces);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(targetGroups(objects.flatMap(asked.role === 'pod' ? ofPod : discoverNode))));
  } catch (error) {
    // Prometheus keeps the targets that it has, as it does when the API does not answer.
    response.writeHead(502).end(describe(error));
  }
}

const ofPod = (pod: KubernetesObject): Labels[] => discoverPod(pod as EvidencePod);
