import { changed, without } from '../family-changes.ts';
import { predecessor } from '../predecessor.ts';
import { V2_14 } from './2.14.ts';

/** Before 2.14 (and 2.13, which has no profile of its own). */
export const V2_12 = predecessor(V2_14, {
  proxyVersion: 'v2.188.0',
  linkerdVersion: '2.12',
  aliases: ['2.12.6', 'stable-2.12.6', 'stable-2.12'],
  build: { date: '2022-11-11T18:05:22Z', gitSha: '4e1720430' },
  families: [
    without('outbound_{grpc,http}_route_backend_requests_total', 'outbound_http_balancer_endpoints'),
    changed('proxy_build_info', () => ({
      labels: ['git_branch', 'git_sha', 'git_version', 'profile', 'rust_version'],
    })),
  ],
  behaviour: { openGrpcStatus: '0', classification: 'when-relevant' },
  // The policy controller's port, alone among them, was not called admin-http yet: its job never kept it.
  chart: { adminPorts: { policy: 'admin' } },
});
