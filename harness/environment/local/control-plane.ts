import type { MeshPodConfig } from '../../mesh/contract.ts';
import type { ChartProfile } from '../../mesh/profiles/types.ts';
import type { AddressSpace } from './addresses.ts';
import { digest, uidOf } from './names.ts';

/** Containers of the control plane's pods and their admin ports; what these are called is the release's (telemetry facts, section 9). */
const COMPONENTS: {
  component: string;
  containers: { container: string; name: keyof ChartProfile['adminPorts']; port: number }[];
}[] = [
  {
    component: 'destination',
    containers: [
      { container: 'destination', name: 'destination', port: 9996 },
      { container: 'sp-validator', name: 'spValidator', port: 9997 },
      { container: 'policy', name: 'policy', port: 9990 },
    ],
  },
  { component: 'identity', containers: [{ container: 'identity', name: 'identity', port: 9990 }] },
  {
    component: 'proxy-injector',
    containers: [{ container: 'proxy-injector', name: 'proxyInjector', port: 9995 }],
  },
];

/**
 * The control plane's pods: sidecars of their own, and the admin ports that the scrape jobs look for.
 * @param successors of which version, where these replace others
 */
export async function planControlPlane(
  space: AddressSpace,
  namespace: string,
  adminPorts: ChartProfile['adminPorts'],
  successors: { version: string } | null = null,
): Promise<MeshPodConfig[]> {
  const pods: MeshPodConfig[] = [];
  for (const { component, containers } of COMPONENTS) {
    const ip = space.podIp();
    const deployment = `linkerd-${component}`;
    const id = successors ? `${deployment}@${successors.version}` : deployment;
    const hash = digest(id);
    pods.push({
      ...(successors && { version: successors.version, startsLater: true }),
      namespace,
      name: `${deployment}-${hash.slice(0, 10)}-${hash.slice(10, 15)}`,
      uid: uidOf(id),
      deployment,
      serviceAccount: deployment,
      podTemplateHash: hash.slice(0, 10),
      labels: {},
      ip,
      inbound: await space.listen(ip, 4143),
      outbound: await space.listen(ip, 4140),
      admin: await space.listen(ip, 4191),
      app: null,
      component,
      componentPorts: await Promise.all(
        containers.map(async ({ container, name, port }) => ({
          container,
          portName: adminPorts[name],
          address: await space.listen(ip, port),
        })),
      ),
    });
  }
  return pods;
}
