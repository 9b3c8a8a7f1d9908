import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../scenario/load.ts';
import { draftOf } from './draft.ts';
import { planLocal } from './plan.ts';
import { paperSpace } from './testing/space.ts';

const meshed = parseScenario(
  `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: one }
namespace: shop
services:
  - { name: web, calls: [{ service: cart }, { service: db }] }
  - { name: cart, replicas: 3, concurrency: 4 }
  - { name: db, protocol: tcp, port: 5432, replicas: 2 }
traffic: [{ executor: constant-arrival-rate, target: web, rate: 5/s, duration: 10s }]
`,
  'one.yaml',
);

async function draft(unmeshed: boolean) {
  const scenario = unmeshed ? { ...meshed, unmeshed } : meshed;
  return draftOf({ ...scenario } as typeof meshed, await planLocal(scenario as typeof meshed, '/out', paperSpace()));
}

describe('a scenario without proxies', async () => {
  const { mesh, processes, loadHosts, topology } = await draft(true);
  const own = mesh.pods.filter((pod) => pod.component === null);
  const appsOf = (name: string) => own.filter((pod) => pod.deployment === name).map((pod) => pod.app!.address);

  it('has none in any pod of its own, the load generator’s neither', () => {
    expect(own).toHaveLength(7);
    expect(own.every((pod) => pod.faults?.absent)).toBe(true);
    expect(mesh.clusterFaults?.pods?.map((pod) => pod.name)).toEqual(own.map((pod) => pod.name));
    expect(mesh.pods.filter((pod) => pod.faults?.absent)).toHaveLength(own.length);
    expect(new Set(topology.workloads.map(({ identity }) => identity))).toEqual(new Set(['']));
  });

  it('lets callers dial the apps behind a Service in turn', () => {
    const web = processes.flatMap(({ workloads }) => workloads).find(({ name }) => name === 'web')!;
    expect(web.pods[0]!.egressOf).toMatchObject({
      'cart.shop.svc.cluster.local:80': appsOf('cart'),
      'db.shop.svc.cluster.local:5432': appsOf('db'),
    });
  });

  it('has services of few places, as with proxies', () => {
    const workloads = processes.flatMap((process) => process.workloads);
    expect(workloads.map(({ name, concurrency }) => [name, concurrency])).toEqual([
      ['web', undefined],
      ['cart', 4],
      ['db', undefined],
    ]);
  });

  it('lets k6 do the same, by further names', () => {
    const to = (name: string, index: number) => `${appsOf(name)[index]!.host}:${appsOf(name)[index]!.port}`;
    expect(loadHosts).toEqual({
      'web.shop.svc.cluster.local': to('web', 0),
      'cart.shop.svc.cluster.local': to('cart', 0),
      '2.cart.shop.svc.cluster.local': to('cart', 1),
      '3.cart.shop.svc.cluster.local': to('cart', 2),
      'db.shop.svc.cluster.local': to('db', 0),
      '2.db.shop.svc.cluster.local': to('db', 1),
    });
  });
});

it('one with proxies is as it was', async () => {
  const { mesh, loadHosts, topology } = await draft(false);
  expect(mesh.clusterFaults).toBeUndefined();
  expect(mesh.pods.some((pod) => pod.faults)).toBe(false);
  expect(Object.keys(loadHosts)).toHaveLength(3);
  expect(topology.workloads.every(({ identity }) => identity !== '')).toBe(true);
});
