import type { InboundPolicy } from '../../core/policy.ts';
import { identityName } from '../../core/topology.ts';
import type { Address } from '../contract.ts';
import type { VersionProfile } from '../profiles/index.ts';
import { createProxyTelemetry, type ProcessInfo } from '../telemetry/proxy-telemetry.ts';
import type { FullProxyTelemetry } from '../telemetry/types.ts';
import { controlPlaneOf } from './control-clients.ts';
import type { MeshNames } from './peer.ts';

/** Linkerd's default inbound policy. */
const DEFAULT_POLICY = 'all-unauthenticated';

/** What `/env.json` and labels need of a pod whose sidecar this is. */
export interface PodFacts {
  namespace: string;
  name: string;
  serviceAccount: string;
  inbound: Address;
  outbound: Address;
  admin: Address;
  app: { labelPort: number } | null;
  inboundPolicy?: InboundPolicy;
}

/**
 * Telemetry of one incarnation of a pod's sidecar.
 * @param component the control-plane component beside it; null in any other pod
 * @param retainIdleMs see TelemetryOptions
 */
export function podTelemetry(
  profile: VersionProfile,
  process: ProcessInfo,
  component: string | null,
  names: MeshNames,
  retainIdleMs: () => number | undefined = () => undefined,
): FullProxyTelemetry {
  return createProxyTelemetry({
    profile,
    process,
    controlPlane: controlPlaneOf(component, names),
    defaultPolicy: DEFAULT_POLICY,
    clusterDomain: names.trustDomain,
    retainIdleMs,
  });
}

/** What `/env.json` shows (facts, section 6: the variables that telemetry depends on). */
export function podEnvironment(pod: PodFacts, names: MeshNames): Record<string, string> {
  const at = ({ host, port }: Address) => `${host}:${port}`;
  return {
    LINKERD2_PROXY_ADMIN_LISTEN_ADDR: at(pod.admin),
    LINKERD2_PROXY_INBOUND_LISTEN_ADDR: at(pod.inbound),
    LINKERD2_PROXY_OUTBOUND_LISTEN_ADDRS: at(pod.outbound),
    LINKERD2_PROXY_INBOUND_PORTS: pod.app ? String(pod.app.labelPort) : '',
    LINKERD2_PROXY_INBOUND_DEFAULT_POLICY: pod.inboundPolicy?.defaultPolicy ?? DEFAULT_POLICY,
    LINKERD2_PROXY_POLICY_WORKLOAD: JSON.stringify({ ns: pod.namespace, pod: pod.name }),
    LINKERD2_PROXY_IDENTITY_LOCAL_NAME: identityName(
      pod.serviceAccount,
      pod.namespace,
      names.controlPlaneNamespace,
      names.trustDomain,
    ),
  };
}
