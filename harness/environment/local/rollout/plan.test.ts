import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../../scenario/load.ts';
import { type LocalPlan, planLocal } from '../plan.ts';
import { paperSpace } from '../testing/space.ts';

const scenario = parseScenario(
  `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: two, description: Two services. }
namespace: shop
mesh: { version: "2.18" }
services:
  - { name: web, calls: [{ service: cart, path: /items }] }
  - { name: cart, replicas: 2, routes: [{ path: /items }] }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 5/s, duration: 10s }
`,
  'two.yaml',
);

const plan = (rollout?: { toVersion: string; atMs: number; restMs: number }): Promise<LocalPlan> =>
  planLocal({ ...scenario, ...(rollout && { rollout }) }, '/results/two', paperSpace());

const rolledOut = () => plan({ toVersion: '2.19', atMs: 1000, restMs: 500 });

describe('a plan with a roll-out', () => {
  it('has a successor for each pod, callees first, one after the other', async () => {
    const { rollout } = await rolledOut();
    expect(rollout!.steps.map(({ service, replica }) => `${service}#${replica}`)).toEqual([
      'shop/cart#0',
      'shop/cart#1',
      'shop/web#0',
    ]);
    for (const { old, next } of rollout!.steps) {
      expect(old.version).toBeUndefined();
      expect(old.startsLater).toBeUndefined();
      expect(next).toMatchObject({ version: '2.19', startsLater: true, deployment: old.deployment });
      for (const key of ['name', 'uid', 'podTemplateHash', 'ip'] as const) expect(next[key]).not.toBe(old[key]);
    }
    const hashes = rollout!.steps.map(({ next }) => next.podTemplateHash);
    expect(hashes[0]).toBe(hashes[1]);
  });

  it('leaves the load generator as it is', async () => {
    const [without, withIt] = [await plan(), await rolledOut()];
    expect(withIt.loadPod).toEqual(without.loadPod);
    expect(withIt.rollout!.steps.map(({ old }) => old.name)).not.toContain(withIt.loadPod.name);
  });

  it('has both generations in the topology and behind their Services', async () => {
    const { topology, mesh, rollout } = await rolledOut();
    const cart = rollout!.steps.filter(({ service }) => service === 'shop/cart');
    const names = [...cart.map(({ old }) => old.name), ...cart.map(({ next }) => next.name)];
    expect(topology.pods.filter(({ workload }) => workload === 'shop/cart').map(({ name }) => name)).toEqual(names);
    expect(mesh.services.find(({ name }) => name === 'cart')?.pods).toEqual(names);
    expect(mesh.pods.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  });

  it('has each pod in a process of its own, so that it can end alone', async () => {
    const { processes } = await rolledOut();
    expect(processes.map(({ name, startsLater }) => [name, startsLater])).toEqual([
      ['shop/web#0', undefined],
      ['shop/web#0.next', true],
      ['shop/cart#0', undefined],
      ['shop/cart#1', undefined],
      ['shop/cart#0.next', true],
      ['shop/cart#1.next', true],
    ]);
    for (const { workloads } of processes) expect(workloads.flatMap(({ pods }) => pods)).toHaveLength(1);
  });

  it('has another control plane, with the ports of its release', async () => {
    const { controlPlane } = (await rolledOut()).rollout!;
    const ports = (pods: typeof controlPlane.old) =>
      pods.flatMap(({ componentPorts }) => componentPorts.map(({ portName }) => portName));
    expect(new Set(ports(controlPlane.old))).toEqual(new Set(['admin-http']));
    expect(ports(controlPlane.next)).toContain('dest-admin');
    for (const [i, pod] of controlPlane.next.entries()) {
      const old = controlPlane.old[i]!;
      expect(pod).toMatchObject({ version: '2.19', startsLater: true, deployment: old.deployment });
      expect([pod.name, pod.uid, pod.ip]).not.toContain(old.name);
      expect(pod.uid).not.toBe(old.uid);
    }
  });
});

it('has services that callers reach past their proxies dialled at addresses that lead to whoever is there', async () => {
  const services = scenario.services.map((service) =>
    service.name === 'web' ? { ...service, skipOutbound: [80] } : service,
  );
  const rollout = { toVersion: '2.19', atMs: 0, restMs: 0 };
  const planned = await planLocal({ ...scenario, services, rollout }, '/results/two', paperSpace());
  const { skipped } = planned.rollout!;
  expect(skipped.map(({ service }) => service)).toEqual(['shop/web', 'shop/cart']);
  const web = planned.processes.flatMap(({ workloads }) =>
    workloads.flatMap(({ name, pods }) => (name === 'web' ? pods : [])),
  );
  expect(web).toHaveLength(2);
  for (const { egressOf } of web) {
    expect(egressOf).toEqual({ 'cart.shop.svc.cluster.local:80': [skipped[1]!.address] });
  }
});

it('is as ever without one', async () => {
  const { processes, rollout, topology } = await plan();
  expect(rollout).toBeNull();
  expect(processes.map(({ name }) => name)).toEqual(['services']);
  expect(topology.pods).toHaveLength(4);
});

it('refuses a version that there is no profile of', async () => {
  await expect(plan({ toVersion: '9.9', atMs: 0, restMs: 0 })).rejects.toThrow(/no profile of mesh version "9\.9"/);
});
