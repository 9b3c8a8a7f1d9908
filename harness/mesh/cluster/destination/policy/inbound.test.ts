import { describe, expect, it } from 'vitest';
import type { InboundPolicy } from '../../../../core/policy.ts';
import type { ClusterPod } from '../../objects.ts';
import { inboundPolicy } from './inbound.ts';
import { type DeclaredPolicies, NO_POLICIES, type TargetRef } from './objects.ts';
import { selects } from './selector.ts';

const NAMES = { trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' };

function pod(annotations?: Record<string, string>): ClusterPod {
  return {
    metadata: { name: 'web-x', namespace: 'shop', uid: 'u', labels: { app: 'web' }, annotations },
    spec: {
      containers: [{ name: 'app', ports: [{ name: 'http', containerPort: 8080 }] }],
      initContainers: [{ name: 'linkerd-proxy', ports: [{ name: 'linkerd-admin', containerPort: 4191 }] }],
    },
  };
}

const named = <Spec>(name: string, spec: Spec, metadata: object = {}) => ({
  metadata: { name, namespace: 'shop', ...metadata },
  spec,
});
const server = (name: string, spec: object = {}, metadata: object = {}) =>
  named(name, { port: 8080, ...spec }, metadata);
const policyOn = (target: Partial<TargetRef>, required: TargetRef[] = [], name = 'authz') =>
  named(name, { targetRef: { kind: 'Server', name: 'web', ...target }, requiredAuthenticationRefs: required });

function policy(declared: Partial<DeclaredPolicies>, of = pod()): InboundPolicy | undefined {
  return inboundPolicy(of, { ...NO_POLICIES, ...declared }, NAMES);
}

describe('a pod for which nothing is declared', () => {
  it('has no policy, unless it says its default itself', () => {
    const key = 'config.linkerd.io/default-inbound-policy';
    expect(policy({})).toBeUndefined();
    expect(policy({}, pod({ [key]: 'deny' }))).toEqual({ defaultPolicy: 'deny', servers: [] });
    expect(policy({}, pod({ [key]: 'all-unauthenticated' }))).toBeUndefined();
    expect(policy({}, pod({ [key]: 'nonsense' }))).toBeUndefined();
  });
});

describe('Servers', () => {
  const ports = (...servers: DeclaredPolicies['servers']) =>
    policy({ servers })?.servers.map(({ ref, port }) => `${ref.name}:${port}`);

  it('are those whose selector the pod answers, by number or name of a port', () => {
    expect(ports(server('web', { podSelector: { matchLabels: { app: 'web' } } }))).toEqual(['web:8080']);
    expect(ports(server('cart', { podSelector: { matchLabels: { app: 'cart' } } }))).toBeUndefined();
    expect(ports(server('all'), server('admin', { port: 'linkerd-admin' }))).toEqual(['admin:4191', 'all:8080']);
    expect(ports(server('named', { port: 'http' }), server('none', { port: 'grpc' }))).toEqual(['named:8080']);
    expect(ports(server('elsewhere', {}, { namespace: 'store' }))).toBeUndefined();
  });

  it('of one port the oldest has it', () => {
    const at = (day: number) => ({ creationTimestamp: `2026-01-0${day}T00:00:00Z` });
    expect(ports(server('a', {}, at(2)), server('b', {}, at(1)))).toEqual(['b:8080']);
  });

  it('deny what nothing lets in, and detect, unless said otherwise', () => {
    expect(policy({ servers: [server('web')] })?.servers[0]).toMatchObject({
      accessPolicy: 'deny',
      protocol: 'unknown',
    });
    const said = server('web', { accessPolicy: 'audit', proxyProtocol: 'gRPC' });
    expect(policy({ servers: [said] })?.servers[0]).toMatchObject({ accessPolicy: 'audit', protocol: 'gRPC' });
  });

  it('have the routes that name them', () => {
    const of = (parent: object, rules: object[]) => ({
      parentRefs: [{ group: 'policy.linkerd.io', kind: 'Server', name: 'web', ...parent }],
      rules: rules as never,
    });
    const path = (value: string) => ({ matches: [{ path: { type: 'PathPrefix', value } }] });
    const found = policy({
      servers: [server('web')],
      policyHttpRoutes: [
        named('two-rules', of({}, [path('/a'), path('/b')])),
        named('other', of({ name: 'cart' }, [{}])),
      ],
      gatewayHttpRoutes: [named('open', of({}, [path('/a'), {}]))],
      authorizationPolicies: [policyOn({ group: 'policy.linkerd.io', kind: 'HTTPRoute', name: 'two-rules' })],
    });
    expect(found?.servers[0]?.routes.map(({ ref, matches }) => [ref.group, ref.name, matches.length])).toEqual([
      ['gateway.networking.k8s.io', 'open', 0],
      ['policy.linkerd.io', 'two-rules', 2],
    ]);
    expect(found?.servers[0]?.routes.map(({ authorizations }) => authorizations.length)).toEqual([0, 1]);
    expect(found?.servers[0]?.authorizations).toEqual([]);
  });
});

describe('authorizations', () => {
  const servers = [server('web')];
  const of = (required: TargetRef[], declared: Partial<DeclaredPolicies> = {}) =>
    policy({ servers, authorizationPolicies: [policyOn({}, required)], ...declared })?.servers[0]?.authorizations.map(
      ({ networks, identities }) => ({ networks, identities }),
    );
  const tls = (name: string, namespace?: string): TargetRef => ({ kind: 'MeshTLSAuthentication', name, namespace });
  const meshTls = (spec: object, metadata: object = {}) => ({ meshTlsAuthentications: [named('tls', spec, metadata)] });

  it('are those of the Server and of its namespace', () => {
    const found = policy({
      servers,
      authorizationPolicies: [
        policyOn({ name: 'cart' }, [], 'other'),
        policyOn({ kind: 'Namespace', name: 'shop' }, [], 'namespace'),
        policyOn({}, [], 'server'),
        policyOn({ kind: 'Namespace', name: 'store' }, [], 'other-namespace'),
      ],
    });
    expect(found?.servers[0]?.authorizations.map(({ ref }) => ref.name)).toEqual(['namespace', 'server']);
  });

  it('require nothing, a network, or an identity', () => {
    expect(of([])).toEqual([{ networks: [], identities: null }]);
    const networkAuthentications = [named('net', { networks: [{ cidr: '10.0.0.0/8' }] })];
    expect(of([{ kind: 'NetworkAuthentication', name: 'net' }], { networkAuthentications })).toEqual([
      { networks: ['10.0.0.0/8'], identities: null },
    ]);
    expect(of([{ kind: 'ServiceAccount', name: 'cart' }])?.[0]?.identities).toEqual([
      'cart.shop.serviceaccount.identity.linkerd.cluster.local',
    ]);
  });

  it('identities are spelt, or those of an account or of a namespace', () => {
    const identityRefs = [
      { kind: 'ServiceAccount', name: 'web' },
      { kind: 'Namespace', name: 'store' },
    ];
    expect(of([tls('tls')], meshTls({ identities: ['*'], identityRefs }))?.[0]?.identities).toEqual([
      '*',
      'web.shop.serviceaccount.identity.linkerd.cluster.local',
      '*.store.serviceaccount.identity.linkerd.cluster.local',
    ]);
    const elsewhere = meshTls({ identityRefs: [{ kind: 'ServiceAccount', name: 'web' }] }, { namespace: 'store' });
    expect(of([tls('tls', 'store')], elsewhere)?.[0]?.identities?.[0]).toMatch(/^web\.store\./);
  });

  it('that require what is not there, or two of a kind, let nobody in', () => {
    expect(of([tls('tls')])).toEqual([]);
    expect(of([tls('tls')], meshTls({}))).toEqual([]);
    expect(of([tls('tls'), tls('tls')], meshTls({ identities: ['*'] }))).toEqual([]);
    const net = { kind: 'NetworkAuthentication', name: 'net' };
    expect(of([net])).toEqual([]);
    const networkAuthentications = [named('net', { networks: [{ cidr: '10.0.0.0/8' }] })];
    expect(of([net, net], { networkAuthentications })).toEqual([]);
    expect(of([{ kind: 'Something', name: 'else' }])).toEqual([]);
  });
});

describe('a rate limit', () => {
  it('is that of the Server', () => {
    const of = (name: string) =>
      named(`of-${name}`, { targetRef: { kind: 'Server', name }, total: { requestsPerSecond: 5 } });
    expect(policy({ servers: [server('web')], rateLimits: [of('cart'), of('web')] })?.servers[0]?.rateLimit).toEqual({
      ref: { group: 'policy.linkerd.io', kind: 'HTTPLocalRateLimitPolicy', namespace: 'shop', name: 'of-web' },
      ...{ totalPerSecond: 5, identityPerSecond: null },
    });
  });
});

describe('a label selector', () => {
  it.each([
    [{}, true],
    [{ matchLabels: { a: '1' } }, true],
    [{ matchLabels: { a: '2' } }, false],
    [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['1', '2'] }] }, true],
    [{ matchExpressions: [{ key: 'b', operator: 'In', values: ['1'] }] }, false],
    [{ matchExpressions: [{ key: 'b', operator: 'NotIn', values: ['1'] }] }, true],
    [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] }, false],
    [{ matchExpressions: [{ key: 'a', operator: 'Resembles' }] }, false],
  ])('%j', (selector, expected) => expect(selects(selector, { a: '1' })).toBe(expected));
});
