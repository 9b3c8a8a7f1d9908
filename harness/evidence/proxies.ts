import type { EvidenceContainer, EvidencePod } from './types.ts';

/** A container as far as a proxy can be told by it. */
interface ProbedContainer extends EvidenceContainer {
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
}
interface Probe {
  httpGet?: { path?: string; port?: number | string };
}

const ADMIN_LISTENER = 'LINKERD2_PROXY_ADMIN_LISTEN_ADDR';
const DEFAULT_ADMIN_PORT = 4191;
const INBOUND_PORT = 4143;
const VERSION_ANNOTATION = 'linkerd.io/proxy-version';
/** The admin server's own answers to probes (facts, section 3). */
const PROBE_PATHS = new Set(['/live', '/ready']);

/**
 * Where the admin page of a pod's proxy is; null when the pod has no proxy, no address, or nothing that runs any more. A proxy
 * is known by its settings, its ports, its name or the injector's annotation, so that none of them hides it alone.
 */
export function adminOf(pod: EvidencePod): { ip: string; port: number } | null {
  const { phase, podIP: ip } = pod.status ?? {};
  // The address of a completed pod may be somebody else's by now.
  if (!ip || phase === 'Succeeded' || phase === 'Failed') return null;
  const containers: ProbedContainer[] = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const proxy = containers.find(hasSettings) ?? containers.find(hasPorts) ?? containers.find(isCalledProxy);
  if (proxy) return { ip, port: adminPortOf(proxy) };
  return pod.metadata.annotations?.[VERSION_ANNOTATION] === undefined ? null : { ip, port: DEFAULT_ADMIN_PORT };
}

const hasSettings = ({ env }: EvidenceContainer) => env?.some(({ name }) => name.startsWith('LINKERD2_PROXY_'));
const hasPorts = ({ ports }: EvidenceContainer) =>
  ports?.some(({ name, containerPort }) => name === 'linkerd-admin' || containerPort === INBOUND_PORT);
const isCalledProxy = ({ name }: EvidenceContainer) => name === 'linkerd-proxy';

/** By its setting, by its probes, by its ports; else the usual one. */
function adminPortOf(proxy: ProbedContainer): number {
  const listener = proxy.env?.find(({ name }) => name === ADMIN_LISTENER)?.value;
  const ports = proxy.ports ?? [];
  const byName = (name: string) => ports.find((port) => port.name === name)?.containerPort;
  const probes = [proxy.startupProbe, proxy.livenessProbe, proxy.readinessProbe].flatMap((probe) => {
    const { path = '', port } = probe?.httpGet ?? {};
    if (!PROBE_PATHS.has(path)) return [];
    return [typeof port === 'string' ? byName(port) : port];
  });
  const candidates = [Number(/:(\d+)$/.exec(listener ?? '')?.[1]), ...probes, byName('linkerd-admin')];
  return candidates.find((port) => port !== undefined && port > 0) ?? DEFAULT_ADMIN_PORT;
}
