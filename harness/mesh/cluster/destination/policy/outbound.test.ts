import { describe, expect, it } from 'vitest';
import type { OutboundPolicy } from '../../../../core/policy.ts';
import type { ClusterService } from '../../objects.ts';
import { type Declared, type DeclaredPolicies, type HttpMatch, NO_POLICIES, type RouteSpec } from './objects.ts';
import { outboundPolicy } from './outbound.ts';
import { duration, goDuration } from './values.ts';

function service(annotations?: Record<string, string>): ClusterService {
  return { metadata: { name: 'web', namespace: 'shop', annotations }, spec: {} };
}

function route(name: string, spec: RouteSpec<HttpMatch>, metadata: object = {}): Declared<RouteSpec<HttpMatch>> {
  return { metadata: { name, namespace: 'shop', ...metadata }, spec: { parentRefs: [PARENT], ...spec } };
}

const PARENT = { group: 'core', kind: 'Service', name: 'web', port: 80 };

function policy(declared: Partial<DeclaredPolicies>, of = service(), port = 80): OutboundPolicy | undefined {
  return outboundPolicy(of, port, { ...NO_POLICIES, ...declared }, 'cluster.local');
}

const names = (found: OutboundPolicy | undefined) => found?.routes.map(({ ref }) => ref.name);

describe('a Service that declares nothing', () => {
  it('has no policy', () => expect(policy({})).toBeUndefined());

  it('is opaque on a port of the default list, unless it says otherwise', () => {
    expect(policy({}, service(), 3306)?.opaque).toBe(true);
    expect(policy({}, service({ 'config.linkerd.io/opaque-ports': '' }), 3306)).toBeUndefined();
    expect(policy({}, service({ 'config.linkerd.io/opaque-ports': '9000-9010' }), 9005)?.opaque).toBe(true);
    expect(policy({}, service({ 'config.linkerd.io/opaque-ports': 'many' }), 3306)).toBeUndefined();
  });
});

describe('annotations of a Service', () => {
  it.each([
    ['5xx', [[500, 599]]],
    [
      'gateway-error,404',
      [
        [502, 504],
        [404, 404],
      ],
    ],
    ['500-502', [[500, 502]]],
  ])('retry on %s', (http, ranges) => {
    expect(policy({}, service({ 'retry.linkerd.io/http': http }))?.retry).toEqual({
      ...{ http: ranges, grpc: [], limit: 1, timeoutMs: null },
    });
  });

  it.each(['6xx', '700', '502-500', '', '500, 501'])('what Linkerd refuses is as if it was not there: %s', (http) => {
    expect(policy({}, service({ 'retry.linkerd.io/http': http }))).toBeUndefined();
  });

  it('a limit alone retries nothing, and one of 0 is the default', () => {
    expect(policy({}, service({ 'retry.linkerd.io/limit': '3' }))?.retry).toMatchObject({ http: [], limit: 3 });
    expect(policy({}, service({ 'retry.linkerd.io/limit': '0' }))).toBeUndefined();
    expect(policy({}, service({ 'retry.linkerd.io/limit': '0', 'retry.linkerd.io/grpc': 'internal' }))?.retry).toEqual({
      ...{ http: [], grpc: [13], limit: 1, timeoutMs: null },
    });
  });

  it('failure accrual has defaults, and only the mode that is known', () => {
    const mode = 'balancer.linkerd.io/failure-accrual';
    expect(policy({}, service({ [mode]: 'consecutive' }))?.failureAccrual).toEqual({
      ...{ maxFailures: 7, minPenaltyMs: 1000, maxPenaltyMs: 60_000, jitterRatio: 0.5 },
    });
    expect(policy({}, service({ [mode]: 'other' }))).toBeUndefined();
    expect(policy({}, service({ [mode]: 'consecutive', [`${mode}-consecutive-max-penalty`]: '10ms' }))).toBeUndefined();
  });

  it.each([
    ['250ms', 250],
    ['3s', 3000],
    ['2m', 120_000],
    ['0', 0],
  ])('a duration of %s', (text, ms) => expect(duration(text)).toBe(ms));

  it.each(['5', '1.5s', '-1s', 's', '1m30s', ''])('no duration: %s', (text) => {
    expect(() => duration(text)).toThrow(RangeError);
  });

  it('a duration of Go', () => {
    expect([goDuration('1m30s'), goDuration('1.5s'), goDuration('300ms')]).toEqual([90_000, 1500, 300]);
    expect([goDuration(''), goDuration('5'), goDuration('5s later')]).toEqual([undefined, undefined, undefined]);
  });
});

describe('routes of a Service', () => {
  it('are those that name it, its namespace and its port', () => {
    const other = (change: object) => ({ parentRefs: [{ ...PARENT, ...change }] });
    expect(
      names(
        policy({
          gatewayHttpRoutes: [
            route('a', {}),
            route('any-port', other({ port: undefined })),
            route('other-port', other({ port: 8080 })),
            route('other-name', other({ name: 'cart' })),
            route('other-namespace', other({ namespace: 'store' })),
            route('of-a-server', other({ kind: 'Server', group: 'policy.linkerd.io' })),
            route('elsewhere', other({ namespace: 'shop' }), { namespace: 'store' }),
          ],
        }),
      ),
    ).toEqual(['a', 'any-port', 'elsewhere']);
  });

  it('of both groups, the older first, then by name; a GRPCRoute shuts out all others', () => {
    const old = { creationTimestamp: '2026-01-01T00:00:00Z' };
    const young = { creationTimestamp: '2026-02-01T00:00:00Z' };
    const http = {
      gatewayHttpRoutes: [route('b', {}, young), route('a', {}, young)],
      policyHttpRoutes: [route('z', {}, old)],
    };
    expect(policy(http)?.routes.map(({ ref }) => [ref.group, ref.name])).toEqual([
      ['policy.linkerd.io', 'z'],
      ['gateway.networking.k8s.io', 'a'],
      ['gateway.networking.k8s.io', 'b'],
    ]);
    const grpc = { metadata: { name: 'g', namespace: 'shop' }, spec: { parentRefs: [PARENT] } };
    expect(names(policy({ ...http, grpcRoutes: [grpc] }))).toEqual(['g']);
  });

  it('a method of gRPC is a path', () => {
    const method = (of: object) => {
      const spec = { parentRefs: [PARENT], rules: [{ matches: [{ method: of }] }] };
      const found = policy({ grpcRoutes: [{ metadata: { name: 'g', namespace: 'shop' }, spec }] });
      return found!.routes[0]!.rules[0]!.matches[0]!.path;
    };
    expect(method({ service: 'a.B', method: 'C' })).toEqual({ type: 'Exact', value: '/a.B/C' });
    expect(method({ service: 'a.B' })).toEqual({ type: 'PathPrefix', value: '/a.B/' });
    expect(method({ method: 'C' })).toEqual({ type: 'RegularExpression', value: '/[^/]+/C' });
    expect(method({ type: 'RegularExpression', service: 'a.*', method: 'C' })?.value).toBe('/a.*/C');
    expect(method({})).toBeNull();
  });

  it('weights are 1 unless said; what is no Service with a port is left out', () => {
    const backendRefs = [
      { name: 'web', port: 80 },
      { name: 'egress', kind: 'EgressNetwork', port: 80 },
      { name: 'none' },
    ];
    const found = policy({ gatewayHttpRoutes: [route('a', { rules: [{ backendRefs }] })] });
    expect(found?.routes[0]?.rules[0]?.backends).toEqual([{ service: 'shop/web', port: 80, weight: 1 }]);
  });

  it('one with a wrong annotation does not count; a timeout of a rule does', () => {
    const wrong = { annotations: { 'timeout.linkerd.io/request': 'soon' } };
    const rules = [{ timeouts: { request: '2s' } }];
    const found = policy({ gatewayHttpRoutes: [route('wrong', {}, wrong), route('right', { rules })] });
    expect(names(found)).toEqual(['right']);
    expect(found?.routes[0]?.timeouts.requestMs).toBe(2000);
  });
});

describe('a ServiceProfile', () => {
  const of = (spec: object, metadata: object = {}) => ({
    metadata: { name: 'web.shop.svc.cluster.local', namespace: 'shop', ...metadata },
    spec,
  });

  it('is the one of the Service’s name in its namespace, with routes or a split', () => {
    const routes = [{ name: 'all' }];
    expect(policy({ serviceProfiles: [of({ routes })] })?.profile?.routes).toMatchObject([
      { name: 'all', pathRegex: null },
    ]);
    expect(policy({ serviceProfiles: [of({ routes }, { namespace: 'store' })] })).toBeUndefined();
    expect(policy({ serviceProfiles: [of({ routes }, { name: 'cart.shop.svc.cluster.local' })] })).toBeUndefined();
    expect(policy({ serviceProfiles: [of({})] })).toBeUndefined();
  });

  it('one end of a range of statuses alone is the whole range', () => {
    const responseClasses = [{ condition: { status: { min: 404 } }, isFailure: true }];
    const found = policy({ serviceProfiles: [of({ routes: [{ name: 'all', responseClasses }] })] });
    expect(found?.profile?.routes[0]?.responseClasses).toEqual([{ min: 404, max: 404, isFailure: true }]);
  });
});
