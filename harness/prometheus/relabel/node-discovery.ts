import type { KubernetesObject } from '../../core/kubernetes-object.ts';
import type { Labels } from '../client.ts';
import { sanitizeLabelName } from './pod-discovery.ts';

const META = '__meta_kubernetes_node_';

/** The target that discovery of role `node` makes of a node: its kubelet. None for one without an address. */
export function discoverNode({ metadata, status }: KubernetesObject): Labels[] {
  const { addresses = [], daemonEndpoints } = (status ?? {}) as {
    addresses?: { type: string; address: string }[];
    daemonEndpoints?: { kubeletEndpoint?: { Port?: number } };
  };
  const ip = addresses.find(({ type }) => type === 'InternalIP')?.address;
  if (ip === undefined) return [];
  const labels: Labels = {
    __address__: `${ip}:${daemonEndpoints?.kubeletEndpoint?.Port ?? 10250}`,
    instance: metadata.name,
    [`${META}name`]: metadata.name,
  };
  for (const { type, address } of addresses) labels[`${META}address_${sanitizeLabelName(type)}`] = address;
  for (const [name, value] of Object.entries(metadata.labels ?? {})) {
    labels[`${META}label_${sanitizeLabelName(name)}`] = value;
    labels[`${META}labelpresent_${sanitizeLabelName(name)}`] = 'true';
  }
  return [labels];
}
