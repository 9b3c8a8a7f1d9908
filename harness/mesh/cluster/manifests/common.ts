import type { ComponentName } from '../component-env.ts';
import type { ControlPlaneSpec } from '../contract.ts';
import type { Manifest } from './types.ts';

/** Labels of what belongs to a component. */
export function componentLabels(spec: ControlPlaneSpec, component: ComponentName): Record<string, string> {
  return {
    'linkerd.io/control-plane-component': component,
    'linkerd.io/control-plane-ns': spec.namespace,
  };
}

export function createdBy(spec: ControlPlaneSpec): Record<string, string> {
  return { 'linkerd.io/created-by': `meshproof ${spec.version}` };
}

/** An object of a component in the control plane's namespace. */
export function owned(
  spec: ControlPlaneSpec,
  component: ComponentName,
  head: { apiVersion: string; kind: string; name: string },
  body: Record<string, unknown>,
): Manifest {
  return {
    apiVersion: head.apiVersion,
    kind: head.kind,
    metadata: {
      name: head.name,
      namespace: spec.namespace,
      labels: componentLabels(spec, component),
      annotations: createdBy(spec),
    },
    ...body,
  };
}
