import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DefaultPolicy, InboundPolicy } from '../../../core/policy.ts';
import { authorize, authorizeConnection, type InboundClient, portPolicy } from './authorize.ts';
import { authorization, identity, policy, route, server } from './testing/policies.ts';

const PROBES = ['/readyz', '/healthz'];

const meshed = (serviceAccount: string): InboundClient => ({
  address: '10.1.0.9',
  identity: identity(serviceAccount),
  local: false,
});
const plain = (address = '10.1.0.9'): InboundClient => ({ address, identity: null, local: false });

/** `allowed route/authorization`, `denied route`, `no-route`. */
function ask(of: InboundPolicy, client: InboundClient, path = '/', method = 'GET', port = 8080): string {
  const verdict = authorize(portPolicy(of, { port, probePaths: PROBES }), client, {
    method,
    path,
    header: () => undefined,
  });
  if (verdict.kind === 'no-route') return verdict.kind;
  return verdict.kind === 'denied'
    ? `denied ${verdict.route.name}`
    : `allowed ${verdict.route.name}/${verdict.authz.name}`;
}

describe('the default policy, on a port without a Server', () => {
  it.each<[DefaultPolicy, InboundClient, string]>([
    ['all-unauthenticated', plain('203.0.113.1'), 'allowed default/all-unauthenticated'],
    ['all-authenticated', meshed('load'), 'allowed default/all-authenticated'],
    ['all-authenticated', plain(), 'denied default'],
    ['cluster-unauthenticated', plain(), 'allowed default/cluster-unauthenticated'],
    ['cluster-unauthenticated', plain('203.0.113.1'), 'denied default'],
    ['cluster-unauthenticated', plain('::ffff:10.1.0.9'), 'allowed default/cluster-unauthenticated'],
    ['cluster-unauthenticated', plain('fd00::9'), 'allowed default/cluster-unauthenticated'],
    ['cluster-authenticated', meshed('load'), 'allowed default/cluster-authenticated'],
    ['cluster-authenticated', { ...meshed('load'), address: '203.0.113.1' }, 'denied default'],
    ['deny', meshed('load'), 'denied default'],
    ['audit', plain('203.0.113.1'), 'allowed default/audit'],
  ])('%s', (defaultPolicy, client, expected) => {
    expect(ask(policy({ defaultPolicy }), client)).toBe(expected);
  });

  it('is named like a Server in labels', () => {
    const { server: named } = portPolicy(policy({ defaultPolicy: 'deny' }), { port: 8080, probePaths: [] });
    expect(named).toEqual({ group: '', kind: 'default', namespace: '', name: 'deny' });
  });

  it('never applies to the probes of the kubelet, nor to the pod itself', () => {
    const denied = policy({ defaultPolicy: 'deny' });
    expect(ask(denied, plain(), '/readyz')).toBe('allowed probe/probe');
    expect(ask(denied, plain(), '/readyz', 'POST')).toBe('denied default');
    expect(ask(denied, { ...plain('127.0.0.1'), local: true })).toBe('allowed default/localhost');
  });
});

describe('a Server', () => {
  const only = (names: string[]) =>
    policy({
      servers: [server({ authorizations: [authorization('friends', { identities: names.map((n) => identity(n)) })] })],
    });

  it('lets in whom an authorization names, and nobody else', () => {
    expect(ask(only(['cart']), meshed('cart'))).toBe('allowed default/friends');
    expect(ask(only(['cart']), meshed('load'))).toBe('denied default');
    expect(ask(only(['cart']), plain())).toBe('denied default');
  });

  it('leaves other ports to the default policy', () => {
    expect(ask(only([]), plain(), '/', 'GET', 9090)).toBe('allowed default/all-unauthenticated');
  });

  it.each([
    ['*', 'cart', true],
    [`*.shop.serviceaccount.identity.linkerd.cluster.local`, 'cart', true],
    [`*.other.serviceaccount.identity.linkerd.cluster.local`, 'cart', false],
  ])('an identity of %s', (pattern, name, admitted) => {
    const of = policy({ servers: [server({ authorizations: [authorization('some', { identities: [pattern] })] })] });
    expect(ask(of, meshed(name))).toBe(admitted ? 'allowed default/some' : 'denied default');
    expect(ask(of, plain())).toBe('denied default');
  });

  it('an authorization asks for network and identity both', () => {
    const near = authorization('near', { identities: ['*'], networks: ['10.1.0.0/24', '2001:db8::/32'] });
    const of = policy({ servers: [server({ authorizations: [near] })] });
    expect(ask(of, meshed('cart'))).toBe('allowed default/near');
    expect(ask(of, { ...meshed('cart'), address: '2001:db8::1' })).toBe('allowed default/near');
    expect(ask(of, { ...meshed('cart'), address: '10.1.1.9' })).toBe('denied default');
    expect(ask(of, plain())).toBe('denied default');
  });

  it('asks its access policy after its authorizations, and that names itself in labels', () => {
    const of = policy({
      servers: [
        server({
          accessPolicy: 'all-authenticated',
          authorizations: [authorization('x', { networks: ['192.0.2.0/24'] })],
        }),
      ],
    });
    expect(ask(of, meshed('cart'))).toBe('allowed default/all-authenticated');
    expect(ask(of, plain('192.0.2.1'))).toBe('allowed default/x');
  });

  it('with routes: theirs alone, no probes, and none that match is no route', () => {
    const of = policy({
      servers: [
        server({ accessPolicy: 'all-unauthenticated', routes: [route('api', '/api'), route('items', '/api/items')] }),
      ],
    });
    expect(ask(of, plain(), '/api/x')).toBe('allowed api/all-unauthenticated');
    expect(ask(of, plain(), '/api/items/7')).toBe('allowed items/all-unauthenticated');
    expect(ask(of, plain(), '/readyz')).toBe('no-route');
  });

  it("a route's authorizations are asked first, and let in whom the Server's do not", () => {
    const open = route('open', '/open', { authorizations: [authorization('all')] });
    const of = policy({ servers: [server({ routes: [open, route('api', '/api')] })] });
    expect(ask(of, plain(), '/open')).toBe('allowed open/all');
    expect(ask(of, plain(), '/api')).toBe('denied api');
    const lenient = policy({ servers: [server({ routes: [open], accessPolicy: 'all-unauthenticated' })] });
    expect(ask(lenient, plain(), '/open')).toBe('allowed open/all');
  });

  it('of gRPC has GRPCRoutes alone, no probes and no limits', () => {
    const grpc = route('method', '/a.B/C', {
      ref: { group: 'gateway.networking.k8s.io', kind: 'GRPCRoute', namespace: 'shop', name: 'method' },
    });
    const rateLimit = { ref: grpc.ref, totalPerSecond: 1, identityPerSecond: null };
    const both = { routes: [grpc, route('http', '/')], accessPolicy: 'all-unauthenticated', rateLimit } as const;
    const asGrpc = policy({ servers: [server({ ...both, routes: [...both.routes], protocol: 'gRPC' })] });
    expect(ask(asGrpc, plain(), '/a.B/C', 'POST')).toBe('allowed method/all-unauthenticated');
    expect(ask(asGrpc, plain(), '/other', 'POST')).toBe('no-route');
    expect(portPolicy(asGrpc, { port: 8080, probePaths: PROBES }).rateLimit).toBeNull();
    const asHttp = policy({ servers: [server({ ...both, routes: [...both.routes] })] });
    expect(ask(asHttp, plain(), '/a.B/C', 'POST')).toBe('allowed http/all-unauthenticated');
    const empty = policy({ servers: [server({ protocol: 'gRPC', routes: [route('http', '/')] })] });
    expect(ask(empty, plain(), '/readyz')).toBe('denied default');
  });
});

describe('whatever the policy', () => {
  const defaults = fc.constantFrom<DefaultPolicy>(
    'all-unauthenticated',
    'all-authenticated',
    'cluster-authenticated',
    'deny',
  );
  const clients = fc.record({
    address: fc.ipV4(),
    identity: fc.constantFrom(null, identity('cart'), identity('load')),
    local: fc.boolean(),
  });
  const policies = fc.record({
    defaultPolicy: defaults,
    servers: fc
      .array(
        fc.record({
          accessPolicy: defaults,
          names: fc.subarray(['cart', 'load']),
          network: fc.constantFrom('10.0.0.0/8', '0.0.0.0/0'),
        }),
        { maxLength: 1 },
      )
      .map((list) =>
        list.map(({ accessPolicy, names, network }) =>
          server({
            accessPolicy,
            authorizations: [authorization('some', { identities: names.map((n) => identity(n)), networks: [network] })],
          }),
        ),
      ),
  });

  it('a further authorization never shuts anybody out, and an identity never does either', () => {
    fc.assert(
      fc.property(policies, clients, (of, client) => {
        const isIn = (p: InboundPolicy, c: InboundClient) => ask(p, c).startsWith('allowed');
        const more = {
          ...of,
          servers: of.servers.map((s) => ({
            ...s,
            authorizations: [...s.authorizations, authorization('more', { identities: ['*'] })],
          })),
        };
        if (isIn(of, client)) expect(isIn(more, client)).toBe(true);
        if (isIn(of, { ...client, identity: null })) expect(isIn(of, client)).toBe(true);
      }),
    );
  });

  it('a connection is let in as a request without routes is', () => {
    fc.assert(
      fc.property(policies, clients, (of, client) => {
        const verdict = authorizeConnection(portPolicy(of, { port: 8080, probePaths: [] }), client);
        expect(verdict.kind === 'allowed' ? `allowed default/${verdict.authz.name}` : 'denied default').toBe(
          ask(of, client),
        );
      }),
    );
  });
});
