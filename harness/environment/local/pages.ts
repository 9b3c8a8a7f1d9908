import http from 'node:http';
import { epochMs } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import type { Address, MeshPodConfig } from '../../mesh/contract.ts';
import type { ProxyPage } from '../contract.ts';

const DEADLINE_MS = 10_000;

/**
 * Fetches one sidecar's page, as Prometheus would.
 * @param via the outbound side of another sidecar, whose identity the page's proxy then sees
 * @throws HarnessError PROXY_PAGE
 */
export async function fetchPage(pod: MeshPodConfig, via?: Address): Promise<ProxyPage> {
  const instance = `${pod.admin.host}:${pod.admin.port}`;
  const fromMs = epochMs();
  try {
    const text = await get(instance, via);
    return { namespace: pod.namespace, pod: pod.name, instance, fromMs, untilMs: epochMs(), text };
  } catch (cause) {
    throw new HarnessError(
      'PROXY_PAGE',
      `${pod.namespace}/${pod.name}: http://${instance}/metrics can't be read: ${(cause as Error).message}`,
      {
        hint: via
          ? "no answer on its admin port, or none for Prometheus' identity; see logs/mesh.log and the scenario's policies"
          : 'the sidecar does not answer on its admin port; see logs/mesh.log',
        cause,
      },
    );
  }
}

/** The page's text. @throws Error for any status but 200 */
function get(instance: string, via: Address | undefined): Promise<string> {
  const url = `http://${instance}/metrics`;
  // To a proxy the whole URL is asked for, as Prometheus does with `proxy_url`.
  const where = via ? { ...via, path: url } : { path: '/metrics', ...addressOf(instance) };
  return new Promise((resolve, reject) => {
    const request = http.get(
      { ...where, headers: { host: instance }, agent: false, signal: AbortSignal.timeout(DEADLINE_MS) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
          else reject(new Error(`status ${response.statusCode}`));
        });
      },
    );
    request.once('error', reject);
  });
}

function addressOf(instance: string): Address {
  const { hostname, port } = new URL(`http://${instance}`);
  return { host: hostname, port: Number(port) };
}
