import type { Broken } from './broken.ts';
import type { Draw } from './draw.ts';
import { keep, keepProxies, relabelRule } from './jobs.ts';
import type { TestMesh } from './mesh.ts';

const META = '__meta_kubernetes_';
const COULD_NOT =
  'time=2026-11-23T03:15:26.000Z level=ERROR source=reflector.go:227 msg="Failed to watch" component=k8s_client_runtime type=*v1.Pod err="failed to list *v1.Pod: ';

/** Discovery gets nothing, and says why in the log. */
function discoversNothing(mesh: TestMesh, draw: Draw, why: string): string[] {
  mesh.discovers = [];
  if (draw.next() < 0.7) mesh.log.push(`${COULD_NOT}${why}"`);
  if (draw.next() < 0.7) {
    mesh.own = [{ name: 'prometheus_sd_kubernetes_failures_total', labels: {}, value: draw.int(1, 9) }];
  }
  return mesh.proxyIds;
}

const FORBIDDEN = String.raw`pods is forbidden: User \"system:serviceaccount:linkerd-viz:prometheus\" cannot list resource \"pods\" in API group \"\" at the cluster scope`;
const UNTRUSTED = String.raw`Get \"https://127.0.0.1:6443/api/v1/pods\": tls: failed to verify certificate: x509: certificate signed by unknown authority`;

function namespacesOf(mesh: TestMesh): string[] {
  return [...new Set(mesh.pods.map((pod) => pod.metadata.namespace!))];
}

/** The proxies' job: the first rule is the phase filter, the second the keep rule. */
const PROXY_JOB = 'linkerd-proxy';

export const BROKEN_DISCOVERY: readonly Broken[] = [
  {
    name: 'rbac-denied',
    cause: 'rbac-denied',
    breaks: (mesh, draw) => {
      const namespaces = Object.fromEntries(namespacesOf(mesh).map((name) => [name, 'forbidden' as const]));
      mesh.access = { ...mesh.access, everywhere: 'forbidden', namespaces, message: FORBIDDEN };
      return discoversNothing(mesh, draw, FORBIDDEN);
    },
  },
  {
    name: 'rbac-denied, told by the log alone',
    cause: 'rbac-denied',
    breaks: (mesh) => {
      mesh.answers = (question) =>
        question.ask === 'access' ? { to: 'error', message: 'impersonation is forbidden' } : undefined;
      mesh.discovers = [];
      mesh.log.push(`${COULD_NOT}Unauthorized"`, `${COULD_NOT}${FORBIDDEN}"`);
      return mesh.proxyIds;
    },
  },
  {
    name: 'rbac-denied after targets were found',
    cause: 'rbac-denied',
    breaks: (mesh) => {
      mesh.access = { ...mesh.access, everywhere: 'forbidden', message: FORBIDDEN };
      return mesh.proxyIds;
    },
  },
  {
    name: 'rbac in some namespaces, the job asking for all',
    cause: 'rbac-some-namespaces',
    breaks: (mesh, draw) => {
      const [first, ...others] = namespacesOf(mesh);
      const namespaces = Object.fromEntries([
        [first!, 'allowed' as const],
        ...others.map((name) => [name, 'forbidden' as const] as const),
      ]);
      mesh.access = { ...mesh.access, everywhere: 'forbidden', namespaces, message: FORBIDDEN };
      return discoversNothing(mesh, draw, FORBIDDEN);
    },
  },
  {
    name: 'rbac in some namespaces, the job naming each',
    cause: 'rbac-some-namespaces',
    breaks: (mesh, draw) => {
      const all = namespacesOf(mesh);
      const denied = draw.some(all.slice(1));
      mesh.job(PROXY_JOB).kubernetes = [{ role: 'pod', namespaces: all }];
      mesh.discovers = all.filter((name) => !denied.includes(name));
      const namespaces = Object.fromEntries(
        all.map((name) => [name, denied.includes(name) ? ('forbidden' as const) : ('allowed' as const)]),
      );
      mesh.access = { ...mesh.access, everywhere: 'forbidden', namespaces, message: FORBIDDEN };
      return mesh.proxyIds.filter((id) => denied.includes(id.split('/')[0]!));
    },
  },
  {
    name: 'token-expired',
    cause: 'token-expired',
    breaks: (mesh, draw) => {
      mesh.access = { ...mesh.access, everywhere: 'unauthorized', message: 'Unauthorized' };
      return discoversNothing(mesh, draw, 'Unauthorized');
    },
  },
  {
    name: 'token-expired, where impersonation is allowed everything',
    cause: 'token-expired',
    breaks: (mesh) => {
      mesh.access = { ...mesh.access, how: 'impersonation' };
      mesh.discovers = [];
      mesh.log.push(`${COULD_NOT}the server has asked for the client to provide credentials"`);
      return mesh.proxyIds;
    },
  },
  {
    name: 'api-ca-untrusted',
    cause: 'api-ca-untrusted',
    breaks: (mesh, draw) => {
      mesh.access = { ...mesh.access, everywhere: 'untrusted', message: 'unable to verify the first certificate' };
      return discoversNothing(mesh, draw, UNTRUSTED);
    },
  },
  {
    name: 'pod-not-injected',
    cause: 'pod-not-injected',
    breaks: (mesh, draw) => {
      const ids = draw.some(mesh.appIds);
      // Nobody declared anything: the namespaces say it.
      for (const namespace of mesh.namespaces) {
        if (ids.some((id) => id.startsWith(`${namespace.metadata.name}/`))) {
          namespace.metadata.annotations = { 'linkerd.io/inject': 'enabled' };
        }
      }
      for (const id of ids) mesh.uninject(id);
      return ids;
    },
  },
  {
    name: 'annotation in front of the keep rule',
    cause: 'annotation-scrape-config',
    breaks: (mesh, draw) => {
      mesh
        .job(PROXY_JOB)
        .relabel.unshift(keep([`pod_annotation_${draw.word()}_io_scrape`], draw.pick(['true', '(true|yes)'])));
      return mesh.proxyIds;
    },
  },
  {
    name: 'annotation and nothing else',
    cause: 'annotation-scrape-config',
    breaks: (mesh, draw) => {
      const job = mesh.job(PROXY_JOB);
      job.name = draw.word();
      job.relabel = [keep([`pod_annotation_${draw.word()}_scrape`], 'true'), ...job.relabel.slice(2)];
      return mesh.proxyIds;
    },
  },
  {
    name: 'admin-port-renamed',
    cause: 'admin-port-renamed',
    breaks: (mesh, draw) => {
      const ids = draw.some(mesh.appIds);
      for (const id of ids) mesh.adminPort(id).name = draw.word();
      return ids;
    },
  },
  {
    name: 'admin port without a name, or not declared',
    cause: 'admin-port-renamed',
    breaks: (mesh, draw) => {
      const ids = draw.some(mesh.appIds);
      for (const id of ids) {
        const proxy = mesh.proxy(id);
        if (draw.next() < 0.5) delete mesh.adminPort(id).name;
        else proxy.ports = proxy.ports!.filter((port) => port !== mesh.adminPort(id));
      }
      return ids;
    },
  },
  {
    name: 'control-plane-ports-renamed',
    cause: 'control-plane-ports-renamed',
    breaks: (mesh, draw) => {
      const suffix = draw.word();
      for (const id of mesh.controlPlaneIds) {
        for (const port of mesh.pod(id).spec.containers.flatMap(({ ports = [] }) => ports)) {
          port.name = port.name?.replace(/-admin$/, `-${suffix}`);
        }
      }
      // The proxy's own ports are where they were.
      for (const id of mesh.controlPlaneIds) mesh.adminPort(id).name = 'linkerd-admin';
      return mesh.controlPlaneIds;
    },
  },
  {
    name: 'control plane kept by the names of another version',
    cause: 'control-plane-ports-renamed',
    breaks: (mesh, draw) => {
      mesh.job('linkerd-controller').relabel[0] = keep(['pod_container_port_name'], draw.pick(['admin-http', 'admin']));
      return mesh.controlPlaneIds;
    },
  },
  {
    name: 'container-renamed',
    cause: 'container-renamed',
    breaks: (mesh, draw) => {
      const ids = draw.some(mesh.appIds);
      for (const id of ids) {
        const name = draw.word();
        const { status } = mesh.pod(id);
        for (const one of [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])]) {
          if (one.name === 'linkerd-proxy') one.name = name;
        }
        mesh.proxy(id).name = name;
      }
      return ids;
    },
  },
  {
    name: 'control-plane-label-wrong',
    cause: 'control-plane-label-wrong',
    breaks: (mesh, draw) => {
      const ids = draw.some(mesh.appIds);
      for (const id of ids) {
        const labels = mesh.pod(id).metadata.labels!;
        if (draw.next() < 0.5) delete labels['linkerd.io/control-plane-ns'];
        else labels['linkerd.io/control-plane-ns'] = draw.word();
      }
      return ids;
    },
  },
  {
    name: 'keep-rule-keeps-nothing',
    cause: 'keep-rule-keeps-nothing',
    breaks: (mesh, draw) => {
      mesh.job(PROXY_JOB).relabel[1] = keepProxies(draw.pick([draw.word(), '']));
      return mesh.proxyIds;
    },
  },
  {
    name: 'a keep rule of its own that keeps nothing',
    cause: 'keep-rule-keeps-nothing',
    breaks: (mesh, draw) => {
      mesh.job(PROXY_JOB).relabel[1] = draw.pick([
        keep(['pod_container_name', 'pod_container_port_name'], `linkerd-proxy;${draw.word()}`),
        relabelRule({
          action: 'keep',
          sourceLabels: [`${META}pod_container_port_name`, `${META}pod_label_linkerd_io_control_plane_ns`],
          separator: '@',
          regex: `linkerd-admin@(${draw.word()}|${draw.word()})`,
        }),
      ]);
      return mesh.proxyIds;
    },
  },
  {
    name: 'pod-label-overwrites-target-label',
    cause: 'pod-label-overwrites-target-label',
    breaks: (mesh, draw) => {
      const ids = draw.some(mesh.appIds);
      const label = draw.pick([
        'namespace',
        'pod',
        'job',
        'instance',
        'deployment',
        'workload_ns',
        'linkerd.io/deployment',
      ]);
      for (const id of ids) mesh.pod(id).metadata.labels![label] = draw.word();
      return ids;
    },
  },
  {
    name: "a pod's label takes the place of the proxy's own",
    cause: 'pod-label-overwrites-target-label',
    breaks: (mesh, draw) => {
      const ids = draw.some(mesh.appIds);
      const label = draw.pick(['direction', 'tls', 'target_port', 'route_name']);
      for (const id of ids) mesh.pod(id).metadata.labels![label] = draw.word();
      return ids;
    },
  },
  {
    name: 'native sidecars filtered out: init containers',
    cause: 'native-sidecars-filtered-out',
    needs: 'native sidecars',
    breaks: (mesh, draw) => {
      const rule = draw.pick([
        keep(['pod_container_init'], 'false'),
        relabelRule({ action: 'drop', sourceLabels: [`${META}pod_container_init`], regex: 'true' }),
      ]);
      mesh.job(PROXY_JOB).relabel.splice(draw.int(0, 2), 0, rule);
      return mesh.proxyIds;
    },
  },
  {
    name: 'native sidecars filtered out: phases',
    cause: 'native-sidecars-filtered-out',
    breaks: (mesh, draw) => {
      mesh.job(PROXY_JOB).relabel.unshift(keep(['pod_phase'], draw.pick(['Running', 'Running|Succeeded'])));
      const ids = draw.some(mesh.appIds);
      for (const id of ids) mesh.pod(id).status.phase = 'Pending';
      return ids;
    },
  },
];
