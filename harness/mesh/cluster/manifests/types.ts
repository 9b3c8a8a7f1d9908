import type { AuthorityMaterial } from '../../identity/authority.ts';

export type { KubernetesObject as Manifest } from '../../../core/kubernetes-object.ts';

/** Keys and certificates of one installation. */
export interface ControlPlaneMaterial {
  authority: AuthorityMaterial;
  /** Of the servers that hold no issuer's key. */
  destinationTls: ServingTls;
  injectorTls: ServingTls;
}

export interface ServingTls {
  certPem: string;
  keyPem: string;
}
