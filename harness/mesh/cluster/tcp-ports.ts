import { DEFAULT_OPAQUE_PORTS } from '../../core/policy.ts';
import type { SidecarPorts } from '../proxy/sidecar.ts';

/**
 * Annotation of a pod, or of its namespace: further ports of TCP that it calls, comma-separated. A sidecar cannot ask the
 * kernel for the destination of a connection; with a port in this list it knows the port, and by it the Service.
 */
export const TCP_PORTS_ANNOTATION = 'meshproof.io/tcp-ports';

/** Where redirect.sh leads what comes in on opaque ports. */
const OPAQUE_INBOUND_PORT = 4144;
/** Where it leads the first of the outbound ports by themselves; the next ones follow. */
const FIRST_EGRESS_PORT = 4200;
/** As many listeners as 4200 to 4299 are. */
const MOST = 100;

/**
 * Outbound ports with a listener of their own: Linkerd's opaque ports, and those of the annotations. What is no single port
 * is left out.
 * @param annotations texts of `opaque-ports` and of TCP_PORTS_ANNOTATION, as far as there are any
 */
export function egressPorts(annotations: readonly (string | undefined)[]): number[] {
  const named = annotations.flatMap((text) => (text ?? '').split(',')).map((item) => item.trim());
  const ports = named.filter((item) => /^\d{1,5}$/.test(item)).map(Number);
  const known = new Set([...DEFAULT_OPAQUE_PORTS, ...ports.filter((port) => port > 0 && port <= 65_535)]);
  return [...known].slice(0, MOST);
}

/** The listeners of a sidecar to which redirect.sh leads those ports, in the same order. */
export function redirectedListeners(ports: readonly number[], opaquePorts: readonly number[]): SidecarPorts {
  const egressByPort = ports.map((port, index) => ({
    port,
    // Redirected connections of the pod's own processes arrive at the loopback address.
    address: { host: '127.0.0.1', port: FIRST_EGRESS_PORT + index },
  }));
  const opaqueInbound = { host: '0.0.0.0', port: OPAQUE_INBOUND_PORT };
  return { egressByPort, ...(opaquePorts.length > 0 && { opaqueInbound }) };
}
