import type { AuthorityMaterial } from '../../identity/authority.ts';

/** An object as it is applied. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

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
