import type { MeshPodConfig } from '../../mesh/contract.ts';
import type { AddressSpace } from './addresses.ts';
import { digest, uidOf } from './names.ts';

/** Containers of the control plane's pods and their admin ports since Linkerd 2.19 (telemetry facts, section 9). */
const COMPONENTS = [
  {
    component: 'destination',
    containers: [
      { container: 'destination', portName: 'dest-admin', port: 9996 },
      { container: 'sp-validator', portName: 'spval-admin', port: 9997 },
      { container: 'policy', portName: 'policy-admin', port: 9990 },
    ],
  },
  { component: 'identity', containers: [{ container: 'identity', portName: 'ident-admin', port: 9990 }] },
  {
    component: 'proxy-injector',
    containers: [{ container: 'proxy-injector', portName: 'injector-admin', port: 9995 }],
  },
] as const;

/** The control plane's pods: sidecars of their own, and the admin ports that the scrape jobs look for. */
export async function planControlPlane(space: AddressSpace, namespace: string): Promise<MeshPodConfig[]> {
  const pods: MeshPodConfig[] = [];
  for (const { component, containers } of COMPONENTS) {
    const ip = space.podIp();
    const deployment = `linkerd-${component}`;
    const hash = digest(deployment);
    pods.push({
      namespace,
      name: `${deployment}-${hash.slice(0, 10)}-${hash.slice(10, 15)}`,
      uid: uidOf(deployment),
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
        containers.map(async ({ container, portName, port }) => ({
          container,
          portName,
          address: await space.listen(ip, port),
        })),
      ),
    });
  }
  return pods;
}
