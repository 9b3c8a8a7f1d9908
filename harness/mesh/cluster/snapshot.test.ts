import { describe, expect, it } from 'vitest';
import { Discovery } from '../proxy/discovery.ts';
import { endpointTarget } from '../proxy/peer.ts';
import type { MeshSnapshot } from './contract.ts';
import { inboundPolicyOf, knownOf, parseSnapshot } from './snapshot.ts';
import { snapshotPod, snapshotService } from './testing/pods.ts';

const names = { trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' };
const web = (ip: string, extra = {}) => snapshotPod('web', ip, extra);

/** A discovery that has taken snapshots one after another. */
function discover(...snapshots: MeshSnapshot[]): Discovery {
  const discovery = new Discovery([], [], names.trustDomain);
  for (const snapshot of snapshots) discovery.update(knownOf(snapshot));
  return discovery;
}

describe('parseSnapshot', () => {
  const good = { services: [snapshotService('web', 8080, ['web-abc-0'])], pods: [web('10.0.0.1')] };

  it('takes what the contract says', () => {
    expect(parseSnapshot(JSON.stringify(good))).toEqual(good);
  });

  it.each([
    ['{', 'it is not JSON'],
    ['null', 'services is not a list'],
    ['{"services":[]}', 'pods is not a list'],
    ['{"services":[null],"pods":[]}', 'services[0].namespace is not a string'],
    [
      JSON.stringify({ ...good, pods: [web('10.0.0.1'), { ...web('10.0.0.2'), ready: 'yes' }] }),
      'pods[1].ready is not a boolean',
    ],
    [
      JSON.stringify({ ...good, services: [snapshotService('web', 8080, {} as string[])] }),
      'services[0].pods is not a list',
    ],
  ])('says what is wrong with %s', (line, why) => {
    expect(() => parseSnapshot(line)).toThrow(
      expect.objectContaining({ code: 'BAD_SNAPSHOT', message: expect.stringContaining(why) }),
    );
  });
});

describe('a snapshot', () => {
  const service = snapshotService('web', 8080, ['web-abc-0']);

  it('tells where peers are dialled, and which are ready', () => {
    const discovery = discover({
      services: [service],
      pods: [web('10.0.0.1'), snapshotPod('api', '10.0.0.2', { ready: false })],
    });
    const found = discovery.resolve('web', 'shop')!;
    expect(discovery.endpoints(found)).toEqual([
      expect.objectContaining({ name: 'web-abc-0', inbound: { host: '10.0.0.1', port: 4143 } }),
    ]);
    expect(discovery.isReady('shop/api-abc-0')).toBe(false);
  });

  it('leaves out pods that have no address yet', () => {
    const discovery = discover({ services: [service], pods: [web('')] });
    expect(discovery.endpoints(discovery.resolve('web', 'shop')!)).toEqual([]);
  });

  it('finds a service by its address in the cluster, and each port of one name', () => {
    const second = snapshotService('web', 9090, [], { port: 81 });
    const discovery = discover({ services: [service, second], pods: [] });
    expect(discovery.resolve('10.96.0.1', 'x')).toMatchObject({ port: 80 });
    expect(discovery.resolve('10.96.0.1:81', 'x')).toMatchObject({ targetPort: 9090 });
    expect(discovery.resolve('10.96.0.1:82', 'x')).toBeUndefined();
    expect(discovery.resolve('10.96.0.2', 'x')).toBeUndefined();
    expect(discovery.resolve('web.shop:81', 'x')).toMatchObject({ targetPort: 9090 });
  });

  it('keeps the objects of what has not changed, so that connections are kept', () => {
    const discovery = discover({ services: [service], pods: [web('10.0.0.1')] });
    const found = discovery.resolve('web', 'shop')!;
    const [peer] = discovery.endpoints(found);
    discovery.update(
      knownOf({
        services: [{ ...service, pods: ['web-abc-0', 'b'] }],
        pods: [web('10.0.0.1'), web('10.0.0.2', { name: 'b' })],
      }),
    );
    expect(discovery.resolve('web', 'shop')).toBe(found);
    expect(discovery.endpoints(found)[0]).toBe(peer);
    expect(discovery.endpoints(found)).toHaveLength(2);
    expect(discovery.has(found) && discovery.hasPeer(peer!)).toBe(true);
  });

  it.each([
    ['address', { ip: '10.0.0.9' }],
    ['uid', { uid: 'other' }],
    ['proxy', { meshed: false }],
    ['workload', { workload: 'other' }],
    ['template', { podTemplateHash: 'other' }],
    ['account', { serviceAccount: 'other' }],
  ])('makes another pod of one with another %s', (_what, change) => {
    const discovery = discover({ services: [service], pods: [web('10.0.0.1')] });
    const [before] = discovery.endpoints(discovery.resolve('web', 'shop')!);
    discovery.update(knownOf({ services: [service], pods: [{ ...web('10.0.0.1'), ...change }] }));
    const [after] = discovery.endpoints(discovery.resolve('web', 'shop')!);
    expect(after).not.toBe(before);
    expect(discovery.hasPeer(before!)).toBe(false);
  });

  it.each([
    ['target port', { targetPort: 9090 }],
    ['address', { clusterIp: '10.96.0.7' }],
  ])('makes another service of one with another %s', (_what, change) => {
    const discovery = discover({ services: [service], pods: [web('10.0.0.1')] });
    const before = discovery.resolve('web', 'shop')!;
    discovery.update(knownOf({ services: [{ ...service, ...change }], pods: [web('10.0.0.1')] }));
    expect(discovery.resolve('web', 'shop')).not.toBe(before);
    expect(discovery.has(before)).toBe(false);
    expect(discovery.endpoints(before)).toEqual([]);
  });

  it('forgets what it no longer has', () => {
    const discovery = discover({ services: [service], pods: [web('10.0.0.1')] }, { services: [], pods: [] });
    expect(discovery.resolve('web', 'shop')).toBeUndefined();
    expect(discovery.resolve('10.96.0.1:80', 'shop')).toBeUndefined();
    expect(discovery.isReady('shop/web-abc-0')).toBe(false);
  });
});

describe('labels of an endpoint', () => {
  const labels = (extra: object) => {
    const discovery = discover({
      services: [snapshotService('web', 8080, ['web-abc-0'])],
      pods: [web('10.0.0.1', extra)],
    });
    const service = discovery.resolve('web', 'shop')!;
    return endpointTarget(service, discovery.endpoints(service)[0]!, names);
  };

  it('are those of the destination controller', () => {
    expect(labels({})).toEqual({
      authority: 'web.shop.svc.cluster.local',
      ip: '10.0.0.1',
      port: 8080,
      tls: { tls: 'true', serverId: 'web.shop.serviceaccount.identity.linkerd.cluster.local' },
      dst: [
        ['dst_control_plane_ns', 'linkerd'],
        ['dst_deployment', 'web'],
        ['dst_namespace', 'shop'],
        ['dst_pod', 'web-abc-0'],
        ['dst_pod_template_hash', 'abc'],
        ['dst_service', 'web'],
        ['dst_serviceaccount', 'web'],
        ['dst_zone', ''],
        ['dst_zone_locality', 'unknown'],
      ],
    });
  });

  it.each([
    ['StatefulSet', 'dst_statefulset'],
    ['DaemonSet', 'dst_daemonset'],
    ['Job', 'dst_k8s_job'],
  ])('name a %s as %s', (workloadKind, label) => {
    const { dst } = labels({ workloadKind });
    expect(dst).toContainEqual([label, 'web']);
    expect(dst.map(([name]) => name)).toEqual(dst.map(([name]) => name).sort());
  });

  it('of one that is not meshed have neither an identity nor what the injector adds', () => {
    const { tls, dst } = labels({ meshed: false, podTemplateHash: '' });
    expect(tls).toEqual({ tls: 'no_identity', reason: 'not_provided_by_service_discovery' });
    expect(dst.map(([name]) => name)).not.toContain('dst_control_plane_ns');
    expect(dst.map(([name]) => name)).not.toContain('dst_pod_template_hash');
  });
});

describe('a pod whose port does not pass its proxy', () => {
  it('is dialled there in plaintext, as what it is otherwise', () => {
    const discovery = discover({
      services: [snapshotService('web', 8080, ['web-abc-0'])],
      pods: [web('10.0.0.1', { skippedPort: 8080 })],
    });
    const service = discovery.resolve('web', 'shop')!;
    const [peer] = discovery.endpoints(service);
    expect(peer).toMatchObject({ inbound: null, skipped: { host: '10.0.0.1', port: 8080 } });
    const { tls, dst } = endpointTarget(service, peer!, names);
    expect(tls.tls).toBe('no_identity');
    expect(dst.map(([name]) => name)).toContain('dst_control_plane_ns');
  });
});

describe('policies of a snapshot', () => {
  const policy = { defaultPolicy: 'deny' as const, servers: [] };

  it('a pod’s own is found by its name', () => {
    const snapshot = { services: [], pods: [web('10.0.0.1', { inboundPolicy: policy })] };
    expect(inboundPolicyOf(snapshot, { namespace: 'shop', name: 'web-abc-0' })).toEqual(policy);
    expect(inboundPolicyOf(snapshot, { namespace: 'store', name: 'web-abc-0' })).toBeUndefined();
  });

  it('are refused when they are not whole', () => {
    const line = (change: object) => JSON.stringify({ services: [], pods: [], ...change });
    const services = [{ ...snapshotService('web', 8080, []), policy: {} }];
    expect(() => parseSnapshot(line({ services }))).toThrow(/services\[0\]\.policy\.routes/);
    expect(() => parseSnapshot(line({ pods: [web('10.0.0.1', { inboundPolicy: {} as never })] }))).toThrow(
      /pods\[0\]\.inboundPolicy\.servers/,
    );
  });
});
