import type { ComponentName } from '../component-env.ts';
import { ANNOTATIONS, type ControlPlaneSpec } from '../contract.ts';
import { accessManifests } from './access.ts';
import { definitionManifests } from './definitions.ts';
import { deploymentManifest } from './deployment.ts';
import { secretManifests } from './secrets.ts';
import { serviceManifests } from './services.ts';
import type { ControlPlaneMaterial, Manifest } from './types.ts';
import { ADMISSION_LABEL, webhookManifest } from './webhook.ts';

export { materialOf, newMaterial } from './material.ts';
export type { ControlPlaneMaterial, Manifest } from './types.ts';
export { WEBHOOK } from './webhook.ts';

const COMPONENTS: ComponentName[] = ['identity', 'destination', 'proxy-injector'];

/** The control plane's namespace: nothing in it is injected by the webhook. */
export function namespaceManifest(spec: ControlPlaneSpec, annotations: Record<string, string> = {}): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: spec.namespace,
      annotations: { [ANNOTATIONS.inject]: 'disabled', ...annotations },
      labels: {
        'linkerd.io/is-control-plane': 'true',
        'linkerd.io/control-plane-ns': spec.namespace,
        [ADMISSION_LABEL]: 'disabled',
      },
    },
  };
}

/**
 * Everything that the simulated control plane consists of, in the order in which it is applied. The last is the webhook's
 * configuration: it is for when the injector is ready.
 */
export function controlPlaneManifests(spec: ControlPlaneSpec, material: ControlPlaneMaterial): Manifest[] {
  return [
    namespaceManifest(spec),
    ...definitionManifests(spec),
    ...COMPONENTS.flatMap((component) => accessManifests(spec, component)),
    ...secretManifests(spec, material),
    ...COMPONENTS.flatMap((component) => serviceManifests(spec, component)),
    ...COMPONENTS.map((component) => deploymentManifest(spec, component, material)),
    webhookManifest(spec, material),
  ];
}
