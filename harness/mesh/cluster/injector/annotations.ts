import { HarnessError } from '../../../core/errors.ts';
import { DEFAULT_OPAQUE_PORTS } from '../../../core/policy.ts';
import { ANNOTATIONS, UNREDIRECTED_INBOUND } from '../contract.ts';
import type { PodTemplate } from '../objects.ts';

export type Annotations = Record<string, string> | undefined;

/** Containers of meshes; a pod that has one is not injected again. */
const SIDECARS = new Set(['linkerd-proxy', 'linkerd-init', 'linkerd-network-validator', 'istio-proxy', 'istio-init']);

/**
 * Why a pod is left as it is, in the words of Linkerd's injector; null: it is injected. The pod's annotation goes before
 * its namespace's (facts, section 6).
 */
export function reasonToSkip(pod: PodTemplate, namespace: Annotations): string | null {
  if (pod.spec.hostNetwork) return 'hostNetwork is enabled';
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  if (containers.some(({ name }) => SIDECARS.has(name))) return 'pod has a sidecar injected already';
  const mode = annotation(ANNOTATIONS.inject, pod, namespace);
  if (mode === undefined) return 'neither the namespace nor the pod have the annotation "linkerd.io/inject:enabled"';
  if (mode !== 'enabled' && mode !== 'ingress') return `the annotation "linkerd.io/inject:${mode}" disables it`;
  return null;
}

/** Of the pod, else of its namespace. */
export function annotation(name: string, pod: PodTemplate, namespace: Annotations): string | undefined {
  return pod.metadata.annotations?.[name] ?? namespace?.[name];
}

/** Ports and ranges as an annotation lists them. */
export class PortList {
  /** As given, without spaces. */
  readonly text: string;
  readonly #ranges: [number, number][];

  /** @throws HarnessError BAD_PORTS naming the annotation */
  constructor(name: string, text = '') {
    const items = text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    this.text = items.join(',');
    this.#ranges = items.map((item) => {
      const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(item) ?? [];
      const range: [number, number] = [Number(from), Number(to)];
      if (from && range[0] > 0 && range[0] <= range[1] && range[1] <= 65_535) return range;
      throw new HarnessError('BAD_PORTS', `annotation ${name}: "${item}" is neither a port nor a range of ports`, {
        hint: 'list ports and ranges: 25,9000-9010',
      });
    });
  }

  includes(port: number): boolean {
    return this.#ranges.some(([from, to]) => from <= port && port <= to);
  }
}

/** Inbound ports that do not pass the proxy. */
export function skippedInbound(pod: PodTemplate, namespace: Annotations): PortList {
  return new PortList(ANNOTATIONS.skipInboundPorts, annotation(ANNOTATIONS.skipInboundPorts, pod, namespace));
}

export function skippedOutbound(pod: PodTemplate, namespace: Annotations): PortList {
  return new PortList(ANNOTATIONS.skipOutboundPorts, annotation(ANNOTATIONS.skipOutboundPorts, pod, namespace));
}

/** Ports on which no protocol is detected; the annotation is in place of Linkerd's list, also when it is empty. */
export function opaquePorts(pod: PodTemplate, namespace: Annotations): PortList {
  const ports = annotation(ANNOTATIONS.opaquePorts, pod, namespace) ?? DEFAULT_OPAQUE_PORTS.join(',');
  return new PortList(ANNOTATIONS.opaquePorts, ports);
}

/** Those that never do. */
export const NEVER_REDIRECTED = new PortList('inbound ports', UNREDIRECTED_INBOUND.join(','));
