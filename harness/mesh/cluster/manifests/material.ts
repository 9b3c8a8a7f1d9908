import { IdentityAuthority } from '../../identity/authority.ts';
import { MOUNTS, SERVICES, servingHosts } from '../component-env.ts';
import type { ControlPlaneSpec } from '../contract.ts';
import { SECRETS } from './secrets.ts';
import type { ControlPlaneMaterial, ServingTls } from './types.ts';

/** A new authority and what its servers need. */
export function newMaterial(spec: ControlPlaneSpec): ControlPlaneMaterial & { notAfterEpochMs: number } {
  const authority = new IdentityAuthority({ trustDomain: spec.trustDomain, controlPlaneNamespace: spec.namespace });
  const serving = (component: 'destination' | 'proxy-injector') =>
    authority.issueServing(servingHosts(spec, component, SERVICES[component]));
  const destinationTls = serving('destination');
  const injectorTls = serving('proxy-injector');
  return {
    ...{ authority: authority.material, destinationTls, injectorTls },
    notAfterEpochMs: Math.min(
      authority.issuerNotAfterEpochMs,
      destinationTls.notAfterEpochMs,
      injectorTls.notAfterEpochMs,
    ),
  };
}

/**
 * Of an installation that is there, so that another version can take its place.
 * @param read the data of an object in the control plane's namespace, as the API has it
 */
export async function materialOf(
  read: (kind: 'Secret' | 'ConfigMap', name: string) => Promise<Record<string, string>>,
): Promise<ControlPlaneMaterial> {
  const text = (base64 = '') => Buffer.from(base64, 'base64').toString('utf8');
  const serving = async (name: string): Promise<ServingTls> => {
    const data = await read('Secret', name);
    return { certPem: text(data[MOUNTS.tls.certificate]), keyPem: text(data[MOUNTS.tls.key]) };
  };
  const issuer = await read('Secret', SECRETS.issuer);
  const roots = await read('ConfigMap', SECRETS.trustRoots);
  return {
    authority: {
      anchorPem: roots[MOUNTS.trustRoots.bundle] ?? '',
      issuerPem: text(issuer[MOUNTS.issuer.certificate]),
      issuerKeyPem: text(issuer[MOUNTS.issuer.key]),
    },
    destinationTls: await serving(SECRETS.destinationTls),
    injectorTls: await serving(SECRETS.injectorTls),
  };
}
