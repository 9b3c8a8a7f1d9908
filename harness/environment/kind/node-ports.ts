import { HarnessError } from '../../core/errors.ts';
import { authorityOf, type Scenario } from '../../scenario/model.ts';
import type { KubernetesObject } from '../kubernetes/contract.ts';
import type { Cluster } from './contract.ts';
import type { Docker } from './docker.ts';

/**
 * Where k6 outside the cluster reaches the services: a port of the node for each, as k6's option `hosts`.
 * @throws HarnessError NODE_ADDRESS_UNKNOWN
 */
export async function nodePortHosts(
  scenario: Scenario,
  services: readonly KubernetesObject[],
  parts: { docker: Docker; cluster: Cluster; signal: AbortSignal },
): Promise<Record<string, string>> {
  const node = parts.cluster.nodes[0]!;
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}';
  const printed = await parts.docker.text(['inspect', '--format', format, node], { signal: parts.signal });
  const address = printed.trim().split(/\s+/)[0];
  if (!address) {
    throw new HarnessError('NODE_ADDRESS_UNKNOWN', `the node ${node} has no address in Docker's network`, {
      hint: '--load-from mesh needs none',
    });
  }
  return Object.fromEntries(
    scenario.services.map((service) => {
      const object = services.find(
        ({ metadata }) => metadata.name === service.name && metadata.namespace === service.namespace,
      );
      const ports = (object?.spec as { ports?: { nodePort?: number }[] } | undefined)?.ports;
      return [authorityOf(service), `${address}:${ports?.[0]?.nodePort ?? 0}`];
    }),
  );
}
