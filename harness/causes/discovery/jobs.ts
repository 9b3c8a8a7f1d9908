import type { Cause } from '../types.ts';

export const JOB_CAUSES: Cause[] = [
  {
    id: 'annotation-scrape-config',
    title: 'The scrape job goes by annotations that injected pods lack',
    kind: 'fault',
    symptom: 'Prometheus scrapes applications, but no proxy, or only those whose owner has annotated them.',
    evidence: [
      "the job's relabel_configs: a keep rule on __meta_kubernetes_pod_annotation_...",
      'the annotations of the injected pods',
      'the proxies stand among the dropped targets',
    ],
    reason:
      "Linkerd's injector adds no prometheus.io/... annotations (facts, section 6), and they would name one port of a pod, which is the application's. A configuration that keeps pods by them never takes a proxy. All versions.",
    remedy: [
      'Add a job of its own for proxies: that of linkerd-viz (linkerd.io: exporting metrics), which keeps `linkerd-proxy;linkerd-admin;CONTROL_PLANE` and asks for no annotation.',
      'With the Prometheus operator: `linkerd install --set podMonitor.enabled=true` (helm: podMonitor.enabled).',
    ],
    looksLike: [
      {
        cause: 'keep-rule-keeps-nothing',
        toldApartBy: 'there the rule asks for a control-plane namespace that is not this one',
      },
      { cause: 'rbac-denied', toldApartBy: 'there no pod is discovered at all' },
    ],
    question: 'Would the job keep the pod if it had the annotation?',
  },
  {
    id: 'control-plane-ports-renamed',
    title: "The control plane's admin ports have other names than the job asks for",
    kind: 'fault',
    symptom:
      'Targets of job linkerd-controller are gone, those of linkerd-viz perhaps not; the dashboards of the control plane are empty. Proxies are scraped as ever.',
    evidence: [
      'the keep rule of the job on __meta_kubernetes_pod_container_port_name',
      "the names of the ports of the control plane's pods",
      'these ports stand among the dropped targets',
    ],
    reason:
      'Until 2.18 the ports were called admin-http. Since edge-25.6.3 (2.19) each component has its own: dest-admin, spval-admin, policy-admin, ident-admin, injector-admin. The job of linkerd-viz 2.18 keeps `admin-http`, that of 2.19 `admin`, anchored: neither keeps any of them; since edge-26.4.1 (2.20) it is `.*admin$` (facts, section 9).',
    remedy: [
      'In job linkerd-controller: `{ source_labels: [__meta_kubernetes_pod_container_port_name], action: keep, regex: ".*admin$" }`.',
      'Or upgrade linkerd-viz to 2.20 or later along with the control plane: `linkerd viz install | kubectl apply -f -`.',
    ],
    looksLike: [
      { cause: 'admin-port-renamed', toldApartBy: "there it is the proxy's own port, and the job of the proxies" },
      { cause: 'rbac-some-namespaces', toldApartBy: 'there no port of these pods is discovered, not even as dropped' },
    ],
    question: "What are the dropped targets of the control plane's pods called, and what does the keep rule match?",
  },
  {
    id: 'keep-rule-keeps-nothing',
    title: "The keep rule of the proxies' job keeps nothing",
    kind: 'fault',
    symptom: 'No target of the proxies at all; all of them stand among the dropped ones.',
    evidence: [
      'the keep rule of the job, and the control-plane namespace in it',
      'the namespace where the control plane runs, and the label linkerd.io/control-plane-ns of the injected pods',
      'the dropped targets of the job',
    ],
    reason:
      "The rule ends in the namespace of the control plane, which the chart fills in (linkerdNamespace, 'linkerd' by default). In a configuration that was copied, or rendered without that value, it asks for another one or for an empty one, and no pod has that. All versions (facts, section 4).",
    remedy: [
      'Let the rule name the namespace of this control plane: `regex: ^linkerd-proxy;linkerd-admin;CONTROL_PLANE$`.',
      'For linkerd-viz: `linkerd viz install --set linkerdNamespace=CONTROL_PLANE | kubectl apply -f -`.',
    ],
    looksLike: [
      { cause: 'control-plane-label-wrong', toldApartBy: 'there the rule is right, and some pods are not' },
      { cause: 'rbac-denied', toldApartBy: 'there nothing is discovered, so nothing is dropped' },
      { cause: 'annotation-scrape-config', toldApartBy: 'there another rule drops them, by an annotation' },
    ],
    question: 'Is there any pod in the cluster that could pass the rule?',
  },
  {
    id: 'native-sidecars-filtered-out',
    title: 'The job filters out proxies that run as native sidecars',
    kind: 'fault',
    symptom:
      'After an upgrade to 2.20, or with proxy.nativeSidecar, targets vanish: all of them, or those of pods that still initialise.',
    evidence: [
      'a rule of the job on __meta_kubernetes_pod_container_init, or one that keeps phase Running alone',
      "the proxy stands among the pod's initContainers and runs; the pod may be Pending",
      'the dropped targets of the job',
    ],
    reason:
      'Since edge-26.5.2 (2.20) the proxy is an init container with restartPolicy Always by default: discovery marks its port with container_init="true", and it runs while the pod is still Pending. A rule for container_init="false" loses every proxy, one for phase Running those whose pod is initialising (facts, section 6).',
    remedy: [
      'Take out the rule on __meta_kubernetes_pod_container_init.',
      'Keep both phases: `{ source_labels: [__meta_kubernetes_pod_phase], action: keep, regex: "(Pending|Running)" }`; completed pods must go.',
    ],
    looksLike: [
      { cause: 'address-reused', toldApartBy: 'that is what comes of no phase filter at all' },
      { cause: 'pod-not-injected', toldApartBy: 'there neither containers nor initContainers have a proxy' },
    ],
    question: 'Would the job keep the target if the proxy were an ordinary container of a running pod?',
  },
];
