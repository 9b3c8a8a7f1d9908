import { IdentityAuthority } from '../../identity/authority.ts';
import { SERVICES, servingHosts } from '../component-env.ts';
import type { ControlPlaneSpec } from '../contract.ts';
import type { ControlPlaneMaterial } from './types.ts';

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
