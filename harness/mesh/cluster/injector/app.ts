import type { SidecarSettings } from '../contract.ts';
import type { HttpProbe, PodContainer, PodTemplate } from '../objects.ts';
import { NEVER_REDIRECTED, type PortList } from './annotations.ts';

/**
 * The app that the sidecar stands before: the first TCP port that it gets traffic for, and the paths at which the kubelet
 * probes it (empty where it does not, or does so at another port). null for a pod that serves nothing through the mesh.
 */
export function appOf(pod: PodTemplate, skipped: PortList): SidecarSettings['app'] {
  const { containers, initContainers = [] } = pod.spec;
  // Init containers that stay beside the app may serve too.
  for (const container of [...containers, ...initContainers.filter((init) => init.restartPolicy === 'Always')]) {
    for (const { name, containerPort: port, protocol = 'TCP' } of container.ports ?? []) {
      if (protocol !== 'TCP' || skipped.includes(port) || NEVER_REDIRECTED.includes(port)) continue;
      return {
        port,
        readyPath: probedPath(container.readinessProbe, { name, port }),
        livePath: probedPath(container.livenessProbe, { name, port }),
      };
    }
  }
  return null;
}

/** All TCP ports that the pod's containers declare, those included that are not redirected. */
export function portsOf({ spec: { containers, initContainers = [] } }: PodTemplate): number[] {
  const staying = initContainers.filter((init) => init.restartPolicy === 'Always');
  const ports = [...containers, ...staying].flatMap((container) => container.ports ?? []);
  const tcp = ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP').map(({ containerPort }) => containerPort);
  return [...new Set(tcp)].sort((a, b) => a - b);
}

function probedPath(
  probe: PodContainer['readinessProbe'],
  { name, port }: { name: string | undefined; port: number },
): string {
  const get: HttpProbe['httpGet'] = probe?.httpGet;
  if (get === undefined || (get.port !== port && get.port !== name)) return '';
  return get.path ?? '/';
}
