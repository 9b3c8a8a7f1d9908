import { AGENT_PORT } from '../../../core/load-agent.ts';
import { ANNOTATIONS } from '../../../mesh/cluster/contract.ts';
import { TCP_PORTS_ANNOTATION } from '../../../mesh/cluster/tcp-ports.ts';
import type { Scenario } from '../../../scenario/model.ts';
import type { InstalledMesh } from '../contract.ts';

/** Truth, control, clock and the load agent are here; no part of the mesh. */
export const ADMIN_PORT = AGENT_PORT;
/** User of the images that meshproof builds. */
const UID = 65532;

export type MeshKind = InstalledMesh['kind'];

/**
 * What a pod that wants a sidecar says to either mesh; of an unmeshed scenario, that it wants none.
 * @param tcpPorts ports of services that it calls, which a simulated sidecar could not tell otherwise
 */
export function meshAnnotations(
  { mesh, unmeshed }: Pick<Scenario, 'mesh' | 'unmeshed'>,
  kind: MeshKind,
  skip: { inbound?: string; outbound?: string } = {},
  tcpPorts: readonly number[] = [],
): Record<string, string> {
  if (unmeshed) return { [ANNOTATIONS.inject]: 'disabled' };
  const simulated = kind === 'simulated';
  return {
    [ANNOTATIONS.inject]: 'enabled',
    ...(skip.inbound && { [ANNOTATIONS.skipInboundPorts]: skip.inbound }),
    ...(skip.outbound && { [ANNOTATIONS.skipOutboundPorts]: skip.outbound }),
    // To Linkerd's injector this is the tag of an image.
    ...(simulated && { [ANNOTATIONS.proxyVersion]: mesh.version }),
    ...(simulated && tcpPorts.length > 0 && { [TCP_PORTS_ANNOTATION]: tcpPorts.join(',') }),
  };
}

/** No limits: a throttled processor would show as latency of the mesh. */
export function containerBasics(image: string): object {
  return {
    image,
    // It was brought to every node; a registry could only have another one of that name.
    imagePullPolicy: 'Never',
    resources: { requests: { cpu: '10m', memory: '32Mi' } },
  };
}

/** Of the container and not of the pod: the init container that redirects traffic has to be root. */
export function unprivileged(uid = UID): object {
  return {
    runAsNonRoot: true,
    runAsUser: uid,
    runAsGroup: uid,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** What all our pods have in common. */
export const POD_BASICS = {
  terminationGracePeriodSeconds: 2,
  // Variables for each Service of the namespace are of no use to anyone here.
  enableServiceLinks: false,
} as const;

/** What all our Deployments have in common. */
export const DEPLOYMENT_BASICS = {
  progressDeadlineSeconds: 120,
  revisionHistoryLimit: 1,
  // Never pods of two kinds at a time.
  strategy: { type: 'Recreate' },
} as const;
