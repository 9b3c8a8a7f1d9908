import { describe, expect, it } from 'vitest';
import type { ServiceSpec } from '../../../scenario/model.ts';
import type { KubernetesObject } from '../../kubernetes/contract.ts';
import { aPolicedScenario, POLICIES } from '../testing/policies.ts';
import { aScenario } from '../testing/scenario.ts';
import { policyObjects } from './policies.ts';
import { routingObjects } from './routing.ts';
import { workloadObjects } from './workload.ts';

const scenario = aPolicedScenario();
const title = ({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject) =>
  `${apiVersion} ${kind} ${namespace}/${name}`;

describe('routing', () => {
  const objects = routingObjects(scenario);
  const specs = objects.map(({ spec }) => spec);

  it('is of the versions that Linkerd reads', () => {
    expect(objects.map(title)).toEqual([
      'gateway.networking.k8s.io/v1 HTTPRoute store/items',
      'policy.linkerd.io/v1beta3 HTTPRoute shop/old',
      'gateway.networking.k8s.io/v1 GRPCRoute shop/echo',
      'linkerd.io/v1alpha2 ServiceProfile store/cart.store.svc.cluster.local',
    ]);
  });

  it('an HTTPRoute: parent, matches, weights; a rule that says nothing is empty', () => {
    expect(specs[0]).toEqual({
      parentRefs: [{ group: 'core', kind: 'Service', name: 'cart', namespace: 'store', port: 80 }],
      rules: [
        {
          matches: [
            {
              path: { type: 'PathPrefix', value: '/items' },
              headers: [{ type: 'Exact', name: 'x-canary', value: 'yes' }],
              method: 'GET',
            },
            { path: { type: 'Exact', value: '/all' } },
          ],
          backendRefs: [
            { group: '', kind: 'Service', name: 'cart', namespace: 'store', port: 80, weight: 9 },
            { group: '', kind: 'Service', name: 'web', namespace: 'shop', port: 8080, weight: 1 },
          ],
        },
        {},
      ],
    });
  });

  it('retries and timeouts are annotations', () => {
    expect(objects.map(({ metadata }) => metadata.annotations)).toEqual([
      {
        'retry.linkerd.io/http': '5xx,404,500-502',
        'retry.linkerd.io/limit': '2',
        'retry.linkerd.io/timeout': '300ms',
        'timeout.linkerd.io/request': '1000ms',
        'timeout.linkerd.io/response': '900ms',
        'timeout.linkerd.io/idle': '800ms',
      },
      undefined,
      { 'retry.linkerd.io/grpc': 'unavailable,deadline-exceeded', 'retry.linkerd.io/limit': '1' },
      undefined,
    ]);
  });

  it('a GRPCRoute names services and methods', () => {
    expect((specs[2] as { rules: unknown[] }).rules).toEqual([
      {
        matches: [
          { method: { type: 'Exact', service: 'meshproof.v1.Echo', method: 'Unary' } },
          { method: { type: 'Exact', service: 'meshproof.v1.Other' } },
        ],
      },
    ]);
  });

  it('a ServiceProfile: routes, budget, split', () => {
    expect(specs[3]).toEqual({
      routes: [
        {
          name: 'GET /items',
          condition: { method: 'GET', pathRegex: '/items(/.*)?' },
          isRetryable: true,
          timeout: '250ms',
          responseClasses: [{ condition: { status: { min: 404, max: 404 } }, isFailure: true }],
        },
        { name: 'rest', condition: { pathRegex: '.*' } },
      ],
      retryBudget: { retryRatio: 0.25, minRetriesPerSecond: 5, ttl: '15000ms' },
      dstOverrides: [{ authority: 'web.shop.svc.cluster.local:8080', weight: 10 }],
    });
  });

  it('of a scenario without any is nothing', () => {
    expect([...routingObjects(aScenario()), ...policyObjects(aScenario())]).toEqual([]);
  });
});

describe('policies', () => {
  const objects = policyObjects(scenario);
  const spec = (kind: string, name: string) =>
    objects.find((object) => object.kind === kind && object.metadata.name === name)?.spec;

  it('are of the versions that Linkerd reads', () => {
    const version = new Map(objects.map(({ kind, apiVersion }) => [kind, apiVersion]));
    expect(Object.fromEntries(version)).toEqual({
      Server: 'policy.linkerd.io/v1beta3',
      HTTPRoute: 'policy.linkerd.io/v1beta3',
      AuthorizationPolicy: 'policy.linkerd.io/v1alpha1',
      MeshTLSAuthentication: 'policy.linkerd.io/v1alpha1',
      NetworkAuthentication: 'policy.linkerd.io/v1alpha1',
      HTTPLocalRateLimitPolicy: 'policy.linkerd.io/v1alpha1',
    });
  });

  it('Servers select by the labels of a service’s pods, or all pods', () => {
    expect(spec('Server', 'cart-app')).toEqual({
      podSelector: { matchLabels: { app: 'cart', team: 'blue' } },
      port: 9000,
      proxyProtocol: 'HTTP/1',
      accessPolicy: 'deny',
    });
    expect(spec('Server', 'admin')).toEqual({
      podSelector: {},
      port: 'linkerd-admin',
      proxyProtocol: 'unknown',
      accessPolicy: 'audit',
    });
  });

  it('a Server of a namespace has one port, so its apps must agree', () => {
    const server = { ...POLICIES[1]!, port: 'app' } as (typeof POLICIES)[number];
    const [web, cart] = scenario.services;
    const of = (services: ServiceSpec[]) => policyObjects(aScenario({ services, policies: [server] }))[0]!.spec;
    expect(of([web!, { ...web!, id: 'shop/other', name: 'other' }, cart!])).toMatchObject({ port: web!.appPort });
    const other = { ...web!, id: 'shop/other', name: 'other', appPort: 9999 };
    expect(() => of([web!, other])).toThrow(/shop\/admin selects all pods .* 8080, 9999/);
  });

  it('a route of a Server', () => {
    expect(spec('HTTPRoute', 'reads')).toEqual({
      parentRefs: [{ group: 'policy.linkerd.io', kind: 'Server', name: 'cart-app' }],
      rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' }, method: 'GET' }] }],
    });
  });

  it('an authorization’s clients are objects of its name', () => {
    expect(spec('AuthorizationPolicy', 'readers')).toEqual({
      targetRef: { group: 'policy.linkerd.io', kind: 'HTTPRoute', name: 'reads' },
      requiredAuthenticationRefs: [
        { group: 'policy.linkerd.io', kind: 'MeshTLSAuthentication', name: 'readers' },
        { group: 'policy.linkerd.io', kind: 'NetworkAuthentication', name: 'readers' },
      ],
    });
    expect(spec('MeshTLSAuthentication', 'readers')).toEqual({
      identityRefs: [
        { kind: 'ServiceAccount', name: 'web', namespace: 'shop' },
        { kind: 'ServiceAccount', name: 'load', namespace: 'meshproof' },
      ],
    });
    expect(spec('NetworkAuthentication', 'readers')).toEqual({ networks: [{ cidr: '10.0.0.0/8' }] });
    expect(spec('MeshTLSAuthentication', 'scrapes')).toEqual({
      identityRefs: [{ kind: 'ServiceAccount', name: 'prometheus', namespace: 'linkerd-viz' }],
    });
    expect(spec('MeshTLSAuthentication', 'meshed')).toEqual({ identities: ['*'] });
    expect(spec('AuthorizationPolicy', 'meshed')).toMatchObject({ targetRef: { kind: 'Namespace', name: 'shop' } });
  });

  it('an authorization of everybody requires nothing', () => {
    const open = { ...POLICIES[3]!, clients: null, networks: [] } as (typeof POLICIES)[number];
    const made = policyObjects(aScenario({ policies: [open] }));
    expect(
      made.map(({ kind, spec }) => [kind, (spec as { requiredAuthenticationRefs: [] }).requiredAuthenticationRefs]),
    ).toEqual([['AuthorizationPolicy', []]]);
  });

  it('a rate limit', () => {
    expect(spec('HTTPLocalRateLimitPolicy', 'slow')).toEqual({
      targetRef: { group: 'policy.linkerd.io', kind: 'Server', name: 'cart-app' },
      total: { requestsPerSecond: 100 },
      identity: { requestsPerSecond: 50 },
    });
  });
});

describe('a workload that is more than plain HTTP', () => {
  const [web] = scenario.services as [ServiceSpec];
  const made = (change: Partial<ServiceSpec>, of = aScenario()) => {
    const objects = workloadObjects(of, { ...web, ...change }, { service: 'meshproof/service:1' }, 'linkerd');
    const kind = (name: string) => objects.find((object) => object.kind === name)!;
    const { template } = kind('Deployment').spec as { template: { metadata: KubernetesObject['metadata']; spec: Pod } };
    const { annotations: podAnnotations = {} } = template.metadata;
    return { service: kind('Service'), podAnnotations, app: template.spec.containers[0] };
  };
  interface Pod {
    containers: [{ ports: { name: string }[]; readinessProbe: Probe; livenessProbe: Probe }];
  }
  type Probe = { httpGet: { port: string } };

  it('says to its callers what they do', () => {
    const annotations = made({
      opaque: true,
      retry: { http: [[502, 504]], grpc: [13], limit: 3, timeoutMs: null },
      timeouts: { requestMs: 100, responseMs: null, idleMs: null },
      failureAccrual: { maxFailures: 4, minPenaltyMs: 500, maxPenaltyMs: 2000, jitterRatio: 0 },
    }).service.metadata.annotations;
    expect(annotations).toEqual({
      'config.linkerd.io/opaque-ports': '8080',
      'retry.linkerd.io/http': '502-504',
      'retry.linkerd.io/grpc': 'internal',
      'retry.linkerd.io/limit': '3',
      'timeout.linkerd.io/request': '100ms',
      'balancer.linkerd.io/failure-accrual': 'consecutive',
      'balancer.linkerd.io/failure-accrual-consecutive-max-failures': '4',
      'balancer.linkerd.io/failure-accrual-consecutive-min-penalty': '500ms',
      'balancer.linkerd.io/failure-accrual-consecutive-max-penalty': '2000ms',
      'balancer.linkerd.io/failure-accrual-consecutive-jitter-ratio': '0',
    });
    expect(made({ opaque: false }).service.metadata.annotations).toEqual({ 'config.linkerd.io/opaque-ports': '' });
    expect(made({}).service.metadata).not.toHaveProperty('annotations');
  });

  it('says to its own proxies what they do', () => {
    const change = { opaque: true, port: 80, appPort: 9000, skipInbound: true, skipOutbound: [80, 81] };
    expect(made({ ...change, defaultPolicy: 'cluster-authenticated' }).podAnnotations).toMatchObject({
      'config.linkerd.io/opaque-ports': '9000',
      'config.linkerd.io/skip-inbound-ports': '9901,9000',
      'config.linkerd.io/skip-outbound-ports': '80,81',
      'config.linkerd.io/default-inbound-policy': 'cluster-authenticated',
    });
  });

  it('names the ports by which a simulated sidecar tells its callees, where no Host does', () => {
    const [web, cart] = aScenario().services as [ServiceSpec, ServiceSpec];
    const ports = (services: ServiceSpec[], mesh: 'linkerd' | 'simulated' = 'simulated') => {
      const objects = workloadObjects(aScenario({ services }), web, { service: 'meshproof/service:1' }, mesh);
      const { spec } = objects.find(({ kind }) => kind === 'Deployment')!;
      const { template } = spec as { template: { metadata: KubernetesObject['metadata'] } };
      return template.metadata.annotations!['meshproof.io/tcp-ports'];
    };
    const db = { ...cart, protocol: 'tcp' as const, port: 7000 };
    expect(ports([web, db])).toBe('7000');
    expect(ports([web, { ...cart, opaque: true }])).toBe('80');
    for (const nothing of [
      ports([web, cart]),
      ports([web, db], 'linkerd'),
      ports([web, db, { ...cart, id: 'store/other', port: 7000 }]),
      ports([web, cart, { ...db, id: 'store/other' }]),
    ]) {
      expect(nothing).toBeUndefined();
    }
  });

  it.each([
    ['http2', 'http'],
    ['grpc', 'grpc'],
    ['tcp', 'tcp'],
  ] as const)('%s: its port is named %s, and it is probed past the proxy', (protocol, name) => {
    const { service, app } = made({ protocol });
    const { ports } = service.spec as { ports: object[] };
    expect(ports).toEqual([{ name, port: 8080, targetPort: name, protocol: 'TCP' }]);
    expect(app.ports[0]!.name).toBe(name);
    expect([app.readinessProbe.httpGet.port, app.livenessProbe.httpGet.port]).toEqual(['admin', 'admin']);
    // No appProtocol: it would turn detection off.
    expect(JSON.stringify(service)).not.toContain('appProtocol');
  });

  it('is probed past the proxy where a Server would not let the probes in', () => {
    const [, cart] = scenario.services;
    const probed = (policies: typeof POLICIES) => made(cart!, aScenario({ policies })).app.readinessProbe.httpGet.port;
    const server = POLICIES[0] as Extract<(typeof POLICIES)[number], { kind: 'Server' }>;
    expect(probed([server])).toBe('http');
    expect(probed(POLICIES)).toBe('admin');
    for (const kind of ['HTTPRoute', 'RateLimit']) {
      const one = POLICIES.find((spec) => spec.kind === kind)!;
      expect(probed([server, one])).toBe('admin');
      expect(probed([server, { ...one, server: 'store/other' } as typeof one])).toBe('http');
    }
    expect(probed([{ ...server, protocol: 'opaque' }])).toBe('admin');
    expect(probed([{ ...server, protocol: 'opaque', port: 'admin' }])).toBe('http');
    expect(probed([{ ...server, protocol: 'opaque', service: 'shop/web' }])).toBe('http');
    expect(probed([{ ...server, protocol: 'opaque', service: null }])).toBe('admin');
  });
});
