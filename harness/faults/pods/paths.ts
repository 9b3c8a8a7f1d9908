import type { PodConfig } from '../../../sim-services/contract.ts';
import type { Address, MeshPodConfig } from '../../mesh/contract.ts';
import { authorityOf } from '../../scenario/model.ts';
import type { Draft } from '../draft.ts';
import { findPod } from '../targets.ts';

/** Where a connection to this pod ends that no outbound proxy makes: its inbound proxy takes it, unless nothing does. */
export function entryOf(pod: MeshPodConfig): Address {
  return pod.app && (pod.skipsInbound || pod.faults?.absent) ? pod.app.address : pod.inbound;
}

/** Whoever went to this pod's inbound proxy by itself comes to its app from now on. */
export function redirectToApp(draft: Draft, pod: MeshPodConfig): void {
  if (!pod.app) return;
  const { inbound } = pod;
  const to = pod.app.address;
  const isInbound = ({ host, port }: Address) => host === inbound.host && port === inbound.port;
  for (const { egressOf } of appsOf(draft)) {
    for (const [name, addresses] of Object.entries(egressOf ?? {})) {
      egressOf![name] = addresses.map((address) => (isInbound(address) ? to : address));
    }
  }
  for (const [name, host] of Object.entries(draft.loadHosts)) {
    if (host === hostPort(inbound)) draft.loadHosts[name] = hostPort(to);
  }
}

/**
 * Connections of this pod's app that go past its own outbound proxy, to the pods of what it calls, as the kernel spreads
 * them.
 * @param port null: those to any port
 */
export function bypassOutbound(draft: Draft, pod: MeshPodConfig, port: number | null): void {
  const callees = draft.scenario.services.filter((service) => port === null || service.port === port);
  const app = appsOf(draft).find((one) => one.pod === pod.name);
  for (const callee of callees) {
    const addresses = podsBehind(draft, callee).map(entryOf);
    const authority = authorityOf(callee);
    const [first] = addresses;
    if (!first) continue;
    if (app) app.egressOf = { ...app.egressOf, [`${authority}:${callee.port}`]: addresses };
    // k6 knows one address for a name.
    else draft.loadHosts[authority] = hostPort(first);
  }
}

/** The configuration of a pod's app; undefined: it has none (the load generator). */
export function appOf(draft: Draft, pod: MeshPodConfig): PodConfig | undefined {
  return appsOf(draft).find((app) => app.pod === pod.name);
}

/** Pods that a Service selects. */
export function podsBehind(draft: Draft, service: { namespace: string; name: string }): MeshPodConfig[] {
  const { pods } = draft.mesh.services.find((s) => s.namespace === service.namespace && s.name === service.name)!;
  return pods.flatMap((name) => findPod(draft, service.namespace, name) ?? []);
}

function appsOf(draft: Draft): PodConfig[] {
  return draft.processes.flatMap(({ workloads }) => workloads).flatMap(({ pods }) => pods);
}

function hostPort({ host, port }: Address): string {
  return `${host}:${port}`;
}
