import { type ComponentName, SERVICES } from '../component-env.ts';
import { CONTROL_PLANE, type ControlPlaneSpec } from '../contract.ts';
import { componentLabels, owned } from './common.ts';
import type { Manifest } from './types.ts';

const PORTS: Record<ComponentName, { name: string; port: number; targetPort: number }> = {
  destination: { name: 'grpc', port: CONTROL_PLANE.destination.port, targetPort: CONTROL_PLANE.destination.port },
  identity: { name: 'grpc', port: CONTROL_PLANE.identity.port, targetPort: CONTROL_PLANE.identity.port },
  'proxy-injector': {
    name: 'proxy-injector',
    port: CONTROL_PLANE.injector.port,
    targetPort: CONTROL_PLANE.injector.targetPort,
  },
};

/**
 * The component's Services. The headless ones show pods that are not ready: a proxy is ready once it has reached both
 * identity and destination, and so are theirs; each would wait for the other's address for ever.
 */
export function serviceManifests(spec: ControlPlaneSpec, component: ComponentName): Manifest[] {
  return SERVICES[component].map((name) =>
    owned(
      spec,
      component,
      { apiVersion: 'v1', kind: 'Service', name },
      {
        spec: {
          ...(name.endsWith('-headless')
            ? { clusterIP: 'None', publishNotReadyAddresses: true }
            : { type: 'ClusterIP' }),
          selector: componentLabels(spec, component),
          ports: [{ ...PORTS[component], protocol: 'TCP' }],
        },
      },
    ),
  );
}
