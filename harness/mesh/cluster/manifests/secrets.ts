import { MOUNTS } from '../component-env.ts';
import type { ControlPlaneSpec } from '../contract.ts';
import { owned } from './common.ts';
import type { ControlPlaneMaterial, Manifest, ServingTls } from './types.ts';

export const SECRETS = {
  issuer: 'linkerd-identity-issuer',
  trustRoots: 'linkerd-identity-trust-roots',
  destinationTls: 'linkerd-destination-tls',
  injectorTls: 'linkerd-proxy-injector-k8s-tls',
} as const;

/** Keys and certificates as Secrets, the trust anchors as a ConfigMap. */
export function secretManifests(spec: ControlPlaneSpec, material: ControlPlaneMaterial): Manifest[] {
  const { anchorPem, issuerPem, issuerKeyPem } = material.authority;
  const tls = (component: 'destination' | 'proxy-injector', name: string, { certPem, keyPem }: ServingTls) =>
    owned(
      spec,
      component,
      { apiVersion: 'v1', kind: 'Secret', name },
      {
        type: 'kubernetes.io/tls',
        data: { [MOUNTS.tls.certificate]: base64(certPem), [MOUNTS.tls.key]: base64(keyPem) },
      },
    );
  return [
    owned(
      spec,
      'identity',
      { apiVersion: 'v1', kind: 'Secret', name: SECRETS.issuer },
      { data: { [MOUNTS.issuer.certificate]: base64(issuerPem), [MOUNTS.issuer.key]: base64(issuerKeyPem) } },
    ),
    owned(
      spec,
      'identity',
      { apiVersion: 'v1', kind: 'ConfigMap', name: SECRETS.trustRoots },
      { data: { [MOUNTS.trustRoots.bundle]: anchorPem } },
    ),
    tls('destination', SECRETS.destinationTls, material.destinationTls),
    tls('proxy-injector', SECRETS.injectorTls, material.injectorTls),
  ];
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
