import { describe, expect, it } from 'vitest';
import { familyHistory, hasIt } from '../changes/index.ts';
import { GRPC_WITHOUT_TRAILERS, grpcOutcome } from '../core/outcome.ts';
import { type FamilyProfile, PROFILES } from '../mesh/profiles/index.ts';
import { FAMILIES } from '../verdict/families.ts';
import { TCP_FAMILIES } from '../verdict/tcp/families.ts';
import { dialectOf } from '../verdict/versions/dialect.ts';
import { parseVersion } from '../verdict/versions/version.ts';

/** As samples are called. */
function sampleNames({ name, encoder, kind }: FamilyProfile): string[] {
  if (kind === 'histogram') return ['bucket', 'count', 'sum'].map((part) => `${name}_${part}`);
  return [encoder === 'registry' && kind === 'counter' ? `${name}_total` : name];
}

const JUDGED = [...FAMILIES.map((f) => f.name), ...TCP_FAMILIES.keys()];

/**
 * What the verdict expects of a version stands on its own, so that a wrong profile of the simulated mesh is not judged by
 * itself; here both are held against each other, and against what is known to have changed.
 */
describe.each(PROFILES)('the verdict on proxies $proxyVersion', ({ proxyVersion, families, behaviour }) => {
  const dialect = dialectOf(parseVersion(proxyVersion));
  const shown = new Set(families.flatMap(sampleNames));

  it('expects the families that they have', () => {
    expect(JUDGED.filter((name) => dialect.has(name))).toEqual(JUDGED.filter((name) => shown.has(name)));
  });

  it('agrees with the changes that are known', () => {
    const had = JUDGED.filter((name) => {
      const history = familyHistory(name);
      return history === undefined || hasIt(history, proxyVersion);
    });
    expect(JUDGED.filter((name) => dialect.has(name))).toEqual(had);
  });

  it('reads their labels', () => {
    const labels = families.find((f) => f.name === 'request_total')!.labels;
    const pod = { appPort: 8080, ip: '10.1.0.1', workload: 'shop/web' };
    const names = { policies: { of: () => undefined, serverOf: () => undefined }, paths: { inboundRoutes: () => [] } };
    const authz = { authz_kind: 'default', authz_name: 'all-unauthenticated' };
    const server = { srv_kind: 'default', srv_name: 'all-unauthenticated', ...authz };
    const route = { route_kind: 'default', route_name: 'default', tls: 'no_identity' };
    const target = { target_addr: '10.1.0.1:8080', target_ip: '10.1.0.1', target_port: '8080' };
    const stub = { ...names, services: new Map(), workloadsOfIdentity: new Map() } as never;
    const projected = dialect
      .family('request_total')!
      .project({ direction: 'inbound', ...target, ...server, ...route }, pod as never, stub);
    expect(projected.kind === 'unexplained').toBe(labels.includes('srv_port'));
  });

  it('reads the end of a stream of gRPC without trailers', () => {
    const [ok, open] = [grpcOutcome(0), GRPC_WITHOUT_TRAILERS].map(dialect.outcome);
    expect(ok === open).toBe(behaviour.openGrpcStatus === '0');
  });
});
