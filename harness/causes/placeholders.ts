/**
 * Names in remedies that whoever tells them to somebody fills in: NAMESPACE, POD and NAME (of a Deployment) are those of a pod,
 * this is the namespace of the control plane.
 */
export const CONTROL_PLANE = 'CONTROL_PLANE';

/** A remedy for a mesh whose control plane is in this namespace. */
export function forControlPlane(text: string, namespace: string): string {
  return text.replaceAll(/\bCONTROL_PLANE\b/g, () => namespace);
}
