import { describe, expect, it } from 'vitest';
import { NO_TIMEOUTS } from '../core/policy.ts';
import { type PolicySpec, PROMETHEUS_WORKLOAD, type RoutingSpec, type Scenario, type ServiceSpec } from './model.ts';
import { inboundPolicyOf, outboundPolicyOf } from './policy.ts';

const service = (more: Partial<ServiceSpec> = {}) =>
  ({ id: 'shop/web', namespace: 'shop', name: 'web', port: 80, appPort: 8080, ...more }) as ServiceSpec;
const scenario = (routing: RoutingSpec[], policies: PolicySpec[] = []) =>
  ({ routing, policies }) as unknown as Scenario;
const route = (kind: 'HTTPRoute' | 'GRPCRoute', name: string, of = 'shop/web'): RoutingSpec => ({
  kind,
  group: 'gateway.networking.k8s.io',
  namespace: 'shop',
  name,
  service: of,
  rules: [],
  retry: null,
  timeouts: NO_TIMEOUTS,
});
const identityOf = (id: string) => `id of ${id}`;

describe('what proxies do with requests to a service', () => {
  it('is nothing, when nothing is declared', () => {
    expect(outboundPolicyOf({} as Scenario, service())).toEqual({
      opaque: false,
      routes: [],
      retry: null,
      timeouts: NO_TIMEOUTS,
      failureAccrual: null,
      profile: null,
    });
  });

  it('is opaque by the default list, unless the service says otherwise', () => {
    const none = scenario([]);
    expect(outboundPolicyOf(none, service({ port: 5432 })).opaque).toBe(true);
    expect(outboundPolicyOf(none, service({ port: 5432, opaque: false })).opaque).toBe(false);
    expect(outboundPolicyOf(none, service({ opaque: true })).opaque).toBe(true);
  });

  it('is its own routes by name; with a GRPCRoute no HTTPRoute counts', () => {
    const http = [route('HTTPRoute', 'b'), route('HTTPRoute', 'a'), route('HTTPRoute', 'other', 'shop/cart')];
    const refs = (specs: RoutingSpec[]) => outboundPolicyOf(scenario(specs), service()).routes.map((r) => r.ref.name);
    expect(refs(http)).toEqual(['a', 'b']);
    expect(refs([...http, route('GRPCRoute', 'g')])).toEqual(['g']);
  });

  it('has the retries and timeouts of the service in routes that have none', () => {
    const retry = { http: [], grpc: [], limit: 3, timeoutMs: null };
    const own = { ...retry, limit: 1 };
    const timeouts = { ...NO_TIMEOUTS, idleMs: 9 };
    const specs: RoutingSpec[] = [
      route('HTTPRoute', 'bare'),
      { ...route('HTTPRoute', 'own'), retry: own, timeouts: { ...NO_TIMEOUTS, requestMs: 5 } } as RoutingSpec,
    ];
    const [bare, second] = outboundPolicyOf(scenario(specs), service({ retry, timeouts })).routes;
    expect([bare?.retry, bare?.timeouts]).toEqual([retry, timeouts]);
    expect([second?.retry, second?.timeouts.requestMs, second?.timeouts.idleMs]).toEqual([own, 5, null]);
  });

  it('is its profile', () => {
    const profile = { routes: [], retryBudget: null, split: [] };
    const specs: RoutingSpec[] = [{ kind: 'ServiceProfile', service: 'shop/web', profile }];
    expect(outboundPolicyOf(scenario(specs), service()).profile).toBe(profile);
    expect(outboundPolicyOf(scenario(specs), service({ id: 'shop/cart' })).profile).toBeNull();
  });
});

describe('what proxies let in', () => {
  const server = (name: string, more: Partial<PolicySpec> = {}) =>
    ({
      kind: 'Server',
      namespace: 'shop',
      name,
      service: 'shop/web',
      port: 'app',
      protocol: 'unknown',
      accessPolicy: 'deny',
      ...more,
    }) as PolicySpec;
  const allow = (name: string, target: { kind: 'Server' | 'HTTPRoute' | 'Namespace'; name: string }, more = {}) =>
    ({
      kind: 'AuthorizationPolicy',
      namespace: 'shop',
      name,
      target,
      clients: null,
      networks: [],
      ...more,
    }) as PolicySpec;

  it('is everything, by default', () => {
    const load = { id: 'meshproof/load', namespace: 'meshproof' };
    expect(inboundPolicyOf({} as Scenario, load, identityOf)).toEqual({
      defaultPolicy: 'all-unauthenticated',
      servers: [],
    });
    expect(inboundPolicyOf({} as Scenario, service({ defaultPolicy: 'deny' }), identityOf).defaultPolicy).toBe('deny');
  });

  it('depends on the Servers that select it, by service or by namespace', () => {
    const policies = [server('app'), server('pages', { service: null, port: 'admin' } as Partial<PolicySpec>)];
    const seen = (subject: ServiceSpec) =>
      inboundPolicyOf(scenario([], policies), subject, identityOf).servers.map((s) => [s.ref.name, s.port]);
    expect(seen(service())).toEqual([
      ['app', 8080],
      ['pages', 4191],
    ]);
    expect(seen(service({ id: 'shop/cart' }))).toEqual([['pages', 4191]]);
    expect(seen(service({ id: 'back/cart', namespace: 'back' }))).toEqual([]);
  });

  it('has the authorizations, routes and limit whose target each Server is', () => {
    const policies: PolicySpec[] = [
      server('app'),
      server('other', { port: 'admin' } as Partial<PolicySpec>),
      allow('of-server', { kind: 'Server', name: 'shop/app' }, { clients: ['shop/cart', PROMETHEUS_WORKLOAD.id] }),
      allow('of-other', { kind: 'Server', name: 'shop/other' }, { clients: ['*'] }),
      allow('of-namespace', { kind: 'Namespace', name: 'shop' }, { networks: ['10.0.0.0/8'] }),
      allow('of-elsewhere', { kind: 'Namespace', name: 'back' }),
      allow('of-route', { kind: 'HTTPRoute', name: 'shop/reads' }),
      { kind: 'HTTPRoute', namespace: 'shop', name: 'reads', server: 'shop/app', matches: [] },
      {
        kind: 'RateLimit',
        namespace: 'shop',
        name: 'slow',
        server: 'shop/app',
        totalPerSecond: 20,
        identityPerSecond: null,
      },
    ];
    const [app, other] = inboundPolicyOf(scenario([], policies), service(), identityOf).servers;
    const ref = (kind: string, name: string) => ({ group: 'policy.linkerd.io', kind, namespace: 'shop', name });
    expect(app).toEqual({
      ref: ref('server', 'app'),
      port: 8080,
      protocol: 'unknown',
      accessPolicy: 'deny',
      authorizations: [
        { ref: ref('authorizationpolicy', 'of-namespace'), networks: ['10.0.0.0/8'], identities: null },
        {
          ref: ref('authorizationpolicy', 'of-server'),
          networks: [],
          identities: ['id of shop/cart', 'id of linkerd-viz/prometheus'],
        },
      ],
      routes: [
        {
          ref: ref('HTTPRoute', 'reads'),
          matches: [],
          authorizations: [{ ref: ref('authorizationpolicy', 'of-route'), networks: [], identities: null }],
        },
      ],
      rateLimit: { ref: ref('HTTPLocalRateLimitPolicy', 'slow'), totalPerSecond: 20, identityPerSecond: null },
    });
    expect(other?.authorizations.map((a) => [a.ref.name, a.identities])).toEqual([
      ['of-namespace', null],
      ['of-other', ['*']],
    ]);
    expect(other?.rateLimit).toBeNull();
  });
});
