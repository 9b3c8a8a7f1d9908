import type { Cause } from '../types.ts';

const RULE =
  'The job of linkerd-viz keeps targets by three names joined: container `linkerd-proxy`, port `linkerd-admin`, label linkerd.io/control-plane-ns (facts, section 4).';
const QUESTION =
  'Among the dropped targets of the job, what do the discovered labels of this pod say, and would the rule keep it if this one name were right?';

export const POD_CAUSES: Cause[] = [
  {
    id: 'pod-not-injected',
    title: 'A pod has no proxy, though it should',
    kind: 'fault',
    symptom:
      'The pod is in no dashboard and `linkerd viz stat pod` shows it as not meshed; of a workload with several pods, a part of the traffic is missing. Its callers count it as traffic without TLS.',
    evidence: [
      'the containers and init containers of the pod: none of them is a proxy',
      "its siblings, its namespace's annotation linkerd.io/inject, or what was declared, say that it should have one",
    ],
    reason:
      'The injector works when a pod is created. A pod that was created before its namespace was annotated, while the injector was down (its webhook ignores failures by default), or with linkerd.io/inject: disabled has no proxy, and nothing that Prometheus could scrape (facts, section 6).',
    remedy: [
      '`kubectl get namespace NAMESPACE -o yaml | grep linkerd.io/inject`; if it is missing: `kubectl annotate namespace NAMESPACE linkerd.io/inject=enabled`.',
      'Then create the pods anew: `kubectl -n NAMESPACE rollout restart deploy/NAME`.',
      'If it comes back without one: `kubectl -n CONTROL_PLANE logs deploy/linkerd-proxy-injector -c proxy-injector`, and `linkerd check --proxy`.',
    ],
    looksLike: [
      { cause: 'container-renamed', toldApartBy: 'there a container has the settings LINKERD2_PROXY_...' },
      { cause: 'client-not-meshed', toldApartBy: 'there the workload only calls, and its callees see the traffic' },
    ],
    question: 'Does any container of the pod have the settings of a proxy?',
  },
  {
    id: 'admin-port-renamed',
    title: 'The admin port of a proxy has another name',
    kind: 'fault',
    symptom: 'The pod runs, has a proxy and is ready, but Prometheus has no target of it. Others are scraped.',
    evidence: [
      "the ports of the proxy's container: the admin port (LINKERD2_PROXY_ADMIN_LISTEN_ADDR, 4191) is not called linkerd-admin",
      'among the dropped targets: __meta_kubernetes_pod_container_port_name',
      'the page itself, fetched directly, is fine',
    ],
    reason: `${RULE} A port with another name, or without one, is dropped: a mutating webhook, a policy engine or a template of one's own changed the injected container. All versions.`,
    remedy: [
      'Give the port its name: `ports: [{ name: linkerd-admin, containerPort: 4191 }]` in container linkerd-proxy, or let the injector do it: `kubectl -n NAMESPACE rollout restart deploy/NAME`.',
      'Who changes it: `kubectl get mutatingwebhookconfigurations`, whatever runs after linkerd-proxy-injector.',
    ],
    looksLike: [
      { cause: 'container-renamed', toldApartBy: 'there the container has another name, and the port its own' },
      { cause: 'control-plane-label-wrong', toldApartBy: 'there both names are right, and the label is not' },
      { cause: 'annotation-scrape-config', toldApartBy: 'there the pod is as it should be, and the job asks for more' },
    ],
    question: QUESTION,
  },
  {
    id: 'container-renamed',
    title: "The proxy's container has another name",
    kind: 'fault',
    symptom:
      'The pod runs, has a proxy and is ready, but Prometheus has no target of it. `linkerd check --proxy` does not see it either.',
    evidence: [
      'a container with the settings LINKERD2_PROXY_... that is not called linkerd-proxy',
      'among the dropped targets: __meta_kubernetes_pod_container_name',
    ],
    reason: `${RULE} A container with another name is dropped: the proxy was added by hand or by a template of one's own, or another webhook renamed it. All versions.`,
    remedy: [
      'Let the injector add the proxy: take it out of the template, annotate `linkerd.io/inject: enabled`, and `kubectl -n NAMESPACE rollout restart deploy/NAME`.',
      'Or call the container linkerd-proxy.',
    ],
    looksLike: [
      { cause: 'pod-not-injected', toldApartBy: 'there no container has the settings of a proxy' },
      { cause: 'admin-port-renamed', toldApartBy: 'there the container has its name, and the port another' },
    ],
    question: QUESTION,
  },
  {
    id: 'control-plane-label-wrong',
    title: 'The control-plane label of a pod is missing or wrong',
    kind: 'fault',
    symptom:
      'The pod runs, has a proxy and is ready, but Prometheus has no target of it, and `linkerd viz stat` does not count it as meshed.',
    evidence: [
      'the label linkerd.io/control-plane-ns of the pod, against the namespace where the control plane runs',
      'among the dropped targets: __meta_kubernetes_pod_label_linkerd_io_control_plane_ns',
    ],
    reason: `${RULE} The injector sets the label; tools that own a pod's labels (a GitOps controller, kubectl label) take it away or leave that of an earlier installation. All versions.`,
    remedy: [
      '`kubectl -n NAMESPACE label pod POD linkerd.io/control-plane-ns=CONTROL_PLANE --overwrite` brings the target back at once.',
      'For good: `kubectl -n NAMESPACE rollout restart deploy/NAME`, and let nobody else manage labels that begin with linkerd.io/.',
    ],
    looksLike: [
      {
        cause: 'keep-rule-keeps-nothing',
        toldApartBy: 'there the pods have the right label, and the rule asks for another',
      },
      { cause: 'admin-port-renamed', toldApartBy: 'there the label is right' },
    ],
    question: QUESTION,
  },
  {
    id: 'pod-label-overwrites-target-label',
    title: "A pod's label overwrites a target label",
    kind: 'fault',
    symptom:
      "A workload's traffic appears under another namespace, pod, job or deployment, or nowhere; two workloads' traffic is added up. Up is 1, and nothing is missing.",
    evidence: [
      "the labels of the pod: one that is called namespace, pod, job, instance, deployment, ..., or like a label of the proxy's own (direction, tls)",
      'the labels of the active target, against those that relabelling makes without that label',
    ],
    reason:
      "The last rules of the job map every pod label to a target label, after those that set namespace, pod and the workload; the last one wins (facts, section 4). With honor_labels: false a target label that the page has as well renames the page's own to exported_...: a pod label `version` does that to proxy_build_info, `direction` to everything. All versions.",
    remedy: [
      'Rename the label in the pod template: app.kubernetes.io/... names collide with nothing.',
      "Or keep it out, before the job's last labelmap: `{ action: labeldrop, regex: __tmp_pod_label_(namespace|pod|job|instance) }`.",
    ],
    looksLike: [
      { cause: 'scraped-by-two-jobs', toldApartBy: 'there the pod has two targets' },
      { cause: 'job-label-differs', toldApartBy: 'there the job itself has another name' },
    ],
    question: "What would the target's labels be without this label of the pod?",
  },
];
