import type { EvidenceContainer, EvidencePod } from '../../evidence/types.ts';
import type { Labels } from '../client.ts';

const META = '__meta_kubernetes_';

/** What Prometheus reads of a pod beside what rules look at. */
interface DiscoveredPod extends EvidencePod {
  status: EvidencePod['status'] & { hostIP?: string };
}

interface OwnerReference {
  kind?: string;
  name?: string;
  controller?: boolean;
}

/**
 * The targets that discovery of role `pod` makes of a pod, with their meta labels, in the order of its containers: one for each
 * port of each container, init containers after the others; one without port for a container that names none. None for a pod
 * without an address. Labels without a value are left out, as Prometheus does.
 */
export function discoverPod(pod: EvidencePod): Labels[] {
  const ip = pod.status.podIP ?? '';
  if (ip === '') return [];
  const ofPod = podLabels(pod);
  const containers = [
    ...pod.spec.containers.map((container) => ({ container, init: false })),
    ...(pod.spec.initContainers ?? []).map((container) => ({ container, init: true })),
  ];
  return containers.flatMap(({ container, init }) => {
    const ofContainer = { ...ofPod, ...containerLabels(pod, container, init) };
    const ports = container.ports ?? [];
    if (ports.length === 0) return [withoutEmpty({ ...ofContainer, __address__: ip })];
    return ports.map((port) =>
      withoutEmpty({
        ...ofContainer,
        __address__: `${ip.includes(':') ? `[${ip}]` : ip}:${port.containerPort}`,
        [`${META}pod_container_port_number`]: String(port.containerPort),
        [`${META}pod_container_port_name`]: port.name ?? '',
        [`${META}pod_container_port_protocol`]: port.protocol ?? '',
      }),
    );
  });
}

function podLabels(pod: DiscoveredPod): Labels {
  const { metadata, spec, status } = pod;
  const owner = ((metadata.ownerReferences ?? []) as OwnerReference[]).find(({ controller }) => controller === true);
  const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
  return {
    [`${META}namespace`]: metadata.namespace ?? '',
    [`${META}pod_name`]: metadata.name,
    [`${META}pod_ip`]: status.podIP ?? '',
    [`${META}pod_ready`]: ready.toLowerCase(),
    [`${META}pod_phase`]: status.phase ?? '',
    [`${META}pod_node_name`]: spec.nodeName ?? '',
    [`${META}pod_host_ip`]: status.hostIP ?? '',
    [`${META}pod_uid`]: (metadata.uid as string | undefined) ?? '',
    [`${META}pod_controller_kind`]: owner?.kind ?? '',
    [`${META}pod_controller_name`]: owner?.name ?? '',
    ...mapLabels('label', metadata.labels),
    ...mapLabels('annotation', metadata.annotations),
  };
}

function containerLabels(pod: EvidencePod, container: EvidenceContainer, init: boolean): Labels {
  const statuses = (init ? pod.status.initContainerStatuses : pod.status.containerStatuses) as
    | { name: string; containerID?: string }[]
    | undefined;
  return {
    [`${META}pod_container_name`]: container.name,
    [`${META}pod_container_id`]: statuses?.find(({ name }) => name === container.name)?.containerID ?? '',
    [`${META}pod_container_image`]: container.image ?? '',
    [`${META}pod_container_init`]: String(init),
  };
}

function mapLabels(what: 'label' | 'annotation', values: Record<string, string> | undefined): Labels {
  const labels: Labels = {};
  for (const [name, value] of Object.entries(values ?? {})) {
    labels[`${META}pod_${what}_${sanitizeLabelName(name)}`] = value;
    labels[`${META}pod_${what}present_${sanitizeLabelName(name)}`] = 'true';
  }
  return labels;
}

/** `app.kubernetes.io/name` is `app_kubernetes_io_name` to Prometheus. */
export function sanitizeLabelName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_]/gu, '_');
}

function withoutEmpty(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}
