import type { RelabelConfig } from '../prometheus/scrape-config.ts';
import type { Draft } from './draft.ts';
import type { LocalFaults } from './local-fault.ts';
import { CONTROLLER_JOB, clusterFaults, controlPlanePods, editPods, jobOf, PROXY_JOB, podsOf } from './targets.ts';

const CONTROL_PLANE_LABEL = 'linkerd.io/control-plane-ns';
const PHASE = '__meta_kubernetes_pod_phase';
const PORT_NAME = '__meta_kubernetes_pod_container_port_name';

/**
 * Prometheus does not find a target. What Prometheus v0.315.0 shows where its API is out of reach for it: it stays ready, has no
 * target, not even a dropped one, and logs `Failed to watch` for each watch at growing distances, with the API's words after
 * `failed to list *v1.Pod: `. A watch that is open goes on: with `at` such a fault shows only once the watch's time is over, after
 * five to ten minutes; what the API says to Prometheus' token is another thing at once.
 */
export const DISCOVERY_FAULTS: LocalFaults = {
  /** `pods is forbidden: User "..." cannot list resource "pods" ... at the cluster scope`; the right to nodes is another one. */
  'rbac-denied': {
    plan: (_spec, draft) => {
      clusterFaults(draft).prometheusMayList = [];
    },
  },
  /** A job without `namespaces` asks at the cluster's scope, which a right in some namespaces does not cover: it loses all. */
  'rbac-namespaces': {
    plan: ({ params }, draft) => {
      clusterFaults(draft).prometheusMayList = [...params.namespaces];
      const names = params.asked;
      const sds = jobOf(draft, PROXY_JOB).kubernetes_sd_configs ?? [];
      if (names) for (const sd of sds) sd.namespaces = { names: [...names] };
    },
  },
  /** `Unauthorized`, for nodes as well; and the node's own metrics, read through the API, are refused. */
  'token-expired': {
    plan: (_spec, draft) => {
      clusterFaults(draft).tokenExpired = true;
    },
  },
  /** `tls: failed to verify certificate: x509: certificate signed by unknown authority`. */
  'api-ca-untrusted': {
    plan: (_spec, draft) => {
      clusterFaults(draft).otherCa = true;
    },
  },
  /** All that is dropped stands among the dropped targets, with every label that was discovered. */
  'scrape-by-annotation': {
    plan: ({ params }, draft) => {
      const source = `__meta_kubernetes_pod_annotation_${params.annotation.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`;
      rulesOf(draft, PROXY_JOB).unshift({ source_labels: [source], action: 'keep', regex: 'true' });
    },
  },
  'admin-port-renamed': {
    plan: (spec, draft) =>
      editPods(draft, podsOf(spec, draft), [{ op: 'rename-port', from: 'linkerd-admin', to: spec.params.name }]),
  },
  'control-plane-keep': {
    plan: ({ params }, draft) => {
      for (const rule of rulesOf(draft, CONTROLLER_JOB)) if (keepsBy(rule, PORT_NAME)) rule.regex = params.regex;
    },
  },
  'control-plane-ports-renamed': {
    plan: ({ params }, draft) => {
      for (const pod of controlPlanePods(draft)) {
        editPods(
          draft,
          [pod],
          pod.componentPorts.map(({ portName }) => ({
            op: 'rename-port',
            from: portName,
            // Before 2.19 they are all called admin-http.
            to: portName.endsWith('-admin') ? portName.replace(/-admin$/, params.suffix) : portName + params.suffix,
          })),
        );
      }
    },
  },
  'container-renamed': {
    plan: (spec, draft) =>
      editPods(draft, podsOf(spec, draft), [{ op: 'rename-container', from: 'linkerd-proxy', to: spec.params.name }]),
  },
  'control-plane-label': {
    plan: (spec, draft) =>
      editPods(draft, podsOf(spec, draft), [
        { op: 'label', name: CONTROL_PLANE_LABEL, value: spec.params.value === '' ? null : spec.params.value },
      ]),
  },
  'keep-rule': {
    plan: ({ params }, draft) => {
      const { controlPlaneNamespace } = draft.mesh;
      for (const rule of rulesOf(draft, PROXY_JOB)) {
        const end = `;${controlPlaneNamespace}$`;
        if (rule.action === 'keep' && rule.regex?.endsWith(end)) {
          rule.regex = `${rule.regex.slice(0, -end.length)};${params.namespace}$`;
        }
      }
    },
  },
  /** The last rule maps every label of the pod: the target is up, under another name. `instance` too can be given that way. */
  'pod-label': {
    plan: (spec, draft) =>
      editPods(draft, podsOf(spec, draft), [{ op: 'label', name: spec.params.label, value: spec.params.value }]),
  },
  'sidecars-filtered': {
    plan: (spec, draft) => {
      const rules = rulesOf(draft, PROXY_JOB);
      if (spec.params.by === 'init') {
        rules.unshift({ source_labels: ['__meta_kubernetes_pod_container_init'], action: 'keep', regex: 'false' });
        return;
      }
      const filter: RelabelConfig = { source_labels: [PHASE], action: 'keep', regex: 'Running' };
      const at = rules.findIndex((rule) => keepsBy(rule, PHASE));
      rules.splice(Math.max(at, 0), at < 0 ? 0 : 1, filter);
      editPods(draft, podsOf(spec, draft), [{ op: 'phase', phase: 'Pending' }]);
    },
  },
};

function rulesOf(draft: Draft, job: string): RelabelConfig[] {
  const config = jobOf(draft, job);
  config.relabel_configs ??= [];
  return config.relabel_configs;
}

function keepsBy(rule: RelabelConfig, label: string): boolean {
  return rule.action === 'keep' && rule.source_labels?.length === 1 && rule.source_labels[0] === label;
}
