import { type ConnectionOptions, checkServerIdentity, type PeerCertificate } from 'node:tls';
import { identityName } from '../../core/topology.ts';
import type { Address } from '../contract.ts';
import { TLS_OPTIONS } from '../identity/credentials.ts';
import type { MeshNames } from '../proxy/peer.ts';
import { CONTROL_PLANE } from './contract.ts';

/** A component of the control plane as a sidecar reaches it. */
export interface ControlEndpoint {
  address: Address;
  /** Its certificate must be valid for one of these. */
  names: string[];
}

/** @param address where it really is; by default its Service's name, absolute, so that no search domain is tried */
export function controlEndpoint(
  component: 'identity' | 'destination',
  { trustDomain, controlPlaneNamespace: namespace }: MeshNames,
  address?: Address,
): ControlEndpoint {
  const { service, port } = CONTROL_PLANE[component];
  const host = `${service}.${namespace}.svc.${trustDomain}`;
  return {
    address: address ?? { host: `${host}.`, port },
    names: [
      host,
      `${service}.${namespace}.svc`,
      identityName(`linkerd-${component}`, namespace, namespace, trustDomain),
    ],
  };
}

/** Options of a connection to it: only TLS 1.3, only a certificate below the mesh's trust anchors and for its name. */
export function controlTls(endpoint: ControlEndpoint, anchorPem: string): ConnectionOptions {
  const { names } = endpoint;
  return {
    ...TLS_OPTIONS,
    ca: anchorPem,
    servername: names[0],
    checkServerIdentity: (_host: string, certificate: PeerCertificate) => {
      const refusals = names.map((name) => checkServerIdentity(name, certificate));
      return refusals.includes(undefined) ? undefined : refusals[0];
    },
  };
}
