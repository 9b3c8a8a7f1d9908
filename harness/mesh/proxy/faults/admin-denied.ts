import type { InboundPolicy } from '../../../core/policy.ts';
import type { MeshPodConfig } from '../../contract.ts';

/** The pod's policy with a Server on its proxy's admin port that lets nobody in; there can be one for a port only. */
export function withAdminDenied(
  { admin, namespace, inboundPolicy }: Pick<MeshPodConfig, 'admin' | 'namespace' | 'inboundPolicy'>,
  name: string,
): InboundPolicy {
  const { defaultPolicy, servers } = inboundPolicy ?? { defaultPolicy: 'all-unauthenticated', servers: [] };
  return {
    defaultPolicy,
    servers: [
      ...servers.filter((server) => server.port !== admin.port),
      {
        ref: { group: 'policy.linkerd.io', kind: 'server', namespace, name },
        port: admin.port,
        protocol: 'HTTP/1',
        accessPolicy: 'deny',
        authorizations: [],
        routes: [],
        rateLimit: null,
      },
    ],
  };
}
