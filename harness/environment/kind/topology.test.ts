import { expect, it } from 'vitest';
import type { PodObject } from '../kubernetes/contract.ts';
import { aPolicedScenario } from './testing/policies.ts';
import { aScenario } from './testing/scenario.ts';
import { topologyOf } from './topology.ts';

const nothing = { pods: new Map<string, PodObject[]>(), services: [], loadPod: null };

it('knows what a scenario declares of protocols, routes and policies', () => {
  const scenario = aPolicedScenario();
  const [web, cart] = scenario.services;
  const services = [
    { ...web!, protocol: 'grpc' as const, skipOutbound: [80] },
    { ...cart!, skipInbound: true, opaque: true },
  ];
  const { workloads, services: known } = topologyOf({ ...scenario, services }, nothing);
  expect(workloads).toMatchObject([
    { id: 'meshproof/load', identity: '' },
    { id: 'shop/web', protocol: 'grpc', skipsOutbound: [80], inboundPolicy: { servers: [{ ref: { name: 'admin' } }] } },
    { id: 'store/cart', skipsInbound: true, inboundPolicy: { servers: [{ port: 9000, ref: { name: 'cart-app' } }] } },
  ]);
  expect(workloads[0]).not.toHaveProperty('inboundPolicy');
  // A GRPCRoute goes before HTTPRoutes.
  expect(known[0]!.outboundPolicy!.routes.map(({ ref }) => ref.name)).toEqual(['echo']);
  expect(known[1]!.outboundPolicy).toMatchObject({ opaque: true, routes: [{ ref: { name: 'items' } }] });
});

it('says nothing more of what is plain', () => {
  const { workloads, services } = topologyOf(aScenario(), nothing);
  for (const workload of workloads) {
    expect(Object.keys(workload)).toEqual(['id', 'namespace', 'name', 'serviceAccount', 'identity']);
  }
  for (const service of services) expect(service).not.toHaveProperty('outboundPolicy');
});

it('has identities where there are proxies', () => {
  const identities = (scenario = aScenario()) =>
    topologyOf(scenario, nothing).workloads.map(({ identity }) => identity);
  const of = (account: string) => `${account}.serviceaccount.identity.linkerd.cluster.local`;
  expect(identities()).toEqual(['', of('web.shop'), of('shared.store')]);
  expect(identities(aScenario({ unmeshed: true }))).toEqual(['', '', '']);
});
