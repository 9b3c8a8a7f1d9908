import { describe, expect, it } from 'vitest';
import { NO_TIMEOUTS, type ProfileRoute } from '../../../core/policy.ts';
import type { MeshServiceConfig } from '../../contract.ts';
import { Discovery } from '../discovery.ts';
import { fromHttp1 } from '../headers.ts';
import { InboundProfiles } from './profile-routes.ts';

const READS: ProfileRoute = {
  name: 'reads',
  method: 'GET',
  pathRegex: '/reads.*',
  isRetryable: false,
  timeoutMs: null,
  responseClasses: [],
};
const WEB: MeshServiceConfig = {
  namespace: 'shop',
  name: 'web',
  clusterIp: '10.96.0.1',
  port: 80,
  targetPort: 8080,
  pods: [],
  policy: {
    opaque: false,
    routes: [],
    retry: null,
    timeouts: NO_TIMEOUTS,
    failureAccrual: null,
    profile: { routes: [READS], retryBudget: null, split: [] },
  },
};

const known = (services: MeshServiceConfig[]) => ({ services, pods: [], ready: new Set<string>() });
const head = (host: string, path = '/reads/1?x') => fromHttp1('GET', path, ['Host', host]);

describe('routes of profiles, inbound', () => {
  it('are those of the Service that a peer names, in whatever form', () => {
    const profiles = new InboundProfiles(new Discovery([WEB], [], 'cluster.local'), 'shop');
    for (const host of ['web', 'web:80', 'web.shop', 'web.shop.svc.cluster.local', 'web.shop.svc.cluster.local:80']) {
      for (let again = 0; again < 2; again++) {
        expect(profiles.route(head(host), true)).toEqual({ dst: 'web.shop.svc.cluster.local:80', route: READS });
      }
    }
  });

  it('are looked up for others only by a full name', () => {
    const profiles = new InboundProfiles(new Discovery([WEB], [], 'cluster.local'), 'shop');
    expect(profiles.route(head('web.shop'), false)).toBeNull();
    expect(profiles.route(head('10.1.2.3:8080'), false)).toBeNull();
    expect(profiles.route(head('web.shop.svc.cluster.local'), false)?.route).toBe(READS);
  });

  it('are none when none matches, or the Service has no profile', () => {
    const { policy: _none, ...bare } = WEB;
    const discovery = new Discovery([WEB, { ...bare, name: 'cart', clusterIp: '10.96.0.2' }], [], 'cluster.local');
    const profiles = new InboundProfiles(discovery, 'shop');
    expect(profiles.route(head('web', '/writes'), true)).toBeNull();
    for (let again = 0; again < 2; again++) expect(profiles.route(head('cart'), true)).toBeNull();
    expect(profiles.route(head('nobody'), true)).toBeNull();
  });

  it('follow what becomes known', () => {
    const { policy: _none, ...bare } = WEB;
    const discovery = new Discovery([bare], [], 'cluster.local');
    using profiles = new InboundProfiles(discovery, 'shop');
    expect(profiles.route(head('web'), true)).toBeNull();
    discovery.update(known([WEB]));
    expect(profiles.route(head('web'), true)?.route.name).toBe('reads');
    discovery.update(known([bare]));
    expect(profiles.route(head('web'), true)).toBeNull();
  });
});
