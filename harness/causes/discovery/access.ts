import type { Cause } from '../types.ts';

const QUESTION = 'May Prometheus, with its own token and CA, list pods: everywhere, and in each namespace?';

/** What the four have in common: discovery stands still, and Prometheus says so in its log alone. */
const STANDS_STILL =
  'Prometheus discovers pods with a list and a watch. When they fail it stays ready, and tries again after up to about a minute; targets that it already had stay, and new or changed pods never come.';

export const ACCESS_CAUSES: Cause[] = [
  {
    id: 'rbac-denied',
    title: 'RBAC does not let Prometheus list pods',
    kind: 'fault',
    symptom:
      'No target of the proxies at all: `linkerd viz stat` shows dashes, dashboards are empty. Prometheus itself is up and ready.',
    evidence: [
      'listing pods with the credentials of Prometheus: forbidden, everywhere and in every namespace',
      'Prometheus\' log: `Failed to watch ... pods is forbidden: User "system:serviceaccount:..." cannot list resource "pods"`',
      'prometheus_sd_kubernetes_failures_total rises',
      '/api/v1/targets has no target of the job, neither active nor dropped',
    ],
    reason: `${STANDS_STILL} linkerd-viz gives its Prometheus a ClusterRole linkerd-linkerd-viz-prometheus (get, list and watch of pods, nodes, nodes/proxy) and a ClusterRoleBinding to the ServiceAccount prometheus; without either the API answers 403. A right that is taken away later shows only when the open watch ends. All versions (facts, section 4).`,
    remedy: [
      '`kubectl auth can-i list pods --all-namespaces --as=system:serviceaccount:linkerd-viz:prometheus` must say yes.',
      '`linkerd viz install | kubectl apply -f -` restores role and binding.',
      'By hand: `kubectl create clusterrole prometheus-pods --verb=get,list,watch --resource=pods,nodes`, then `kubectl create clusterrolebinding prometheus-pods --clusterrole=prometheus-pods --serviceaccount=linkerd-viz:prometheus`.',
    ],
    looksLike: [
      { cause: 'rbac-some-namespaces', toldApartBy: 'there some namespaces are allowed' },
      { cause: 'token-expired', toldApartBy: 'there the API answers 401, Unauthorized: it does not know who asks' },
      {
        cause: 'api-ca-untrusted',
        toldApartBy: 'there no request gets as far as an answer: the log has an x509 error',
      },
      {
        cause: 'keep-rule-keeps-nothing',
        toldApartBy: 'there pods are discovered, and stand among the dropped targets',
      },
    ],
    question: QUESTION,
  },
  {
    id: 'rbac-some-namespaces',
    title: 'RBAC lets Prometheus list pods in some namespaces only',
    kind: 'fault',
    symptom:
      'Proxies of some namespaces have no targets; or none has, where the job asks for all namespaces at once. `kubectl auth can-i list pods` in one of the allowed namespaces says yes.',
    evidence: [
      'listing pods with the credentials of Prometheus: forbidden everywhere, allowed in some namespaces',
      "the job's kubernetes_sd_configs: `namespaces`, or none",
      'Prometheus\' log: `pods is forbidden ... at the cluster scope`, or `in the namespace "..."`',
    ],
    reason: `A Role with a RoleBinding gives a right in its own namespace. A job without \`namespaces\` lists pods at the cluster's scope, which no number of such rights covers: the whole request is refused. A job that names its namespaces makes one request for each, and loses those that it has no right in. ${STANDS_STILL}`,
    remedy: [
      'Give a ClusterRole and a ClusterRoleBinding: `kubectl create clusterrolebinding prometheus-pods --clusterrole=linkerd-linkerd-viz-prometheus --serviceaccount=linkerd-viz:prometheus`.',
      'Or name the allowed namespaces in the job: `kubernetes_sd_configs: [{ role: pod, namespaces: { names: [CONTROL_PLANE, shop] } }]`, and add a RoleBinding in each that is missing.',
    ],
    looksLike: [
      { cause: 'rbac-denied', toldApartBy: 'there no namespace is allowed' },
      { cause: 'pod-not-injected', toldApartBy: 'there the pods have no proxy' },
    ],
    question: QUESTION,
  },
  {
    id: 'token-expired',
    title: 'The token of Prometheus is not valid any more',
    kind: 'fault',
    symptom:
      'No target of the proxies; or those of an hour ago, and no pod that came since. Prometheus is up and ready.',
    evidence: [
      'listing pods with the token of Prometheus: 401, Unauthorized',
      "Prometheus' log: `Failed to watch ... Unauthorized`",
      'prometheus_sd_kubernetes_failures_total rises',
    ],
    reason: `Tokens of ServiceAccounts live for an hour and the kubelet renews the file in the pod; Prometheus reads it anew for each request. A token that was copied into a Secret or a file, one of a ServiceAccount that was deleted and made again, or an API server with another signing key is refused with 401. ${STANDS_STILL}`,
    remedy: [
      'Let the kubelet mount the token: no `credentials_file` of your own in kubernetes_sd_configs, and `automountServiceAccountToken: true`.',
      'Was the ServiceAccount made again? `kubectl -n linkerd-viz rollout restart deploy/prometheus`.',
      'Outside the cluster: `kubectl -n linkerd-viz create token prometheus --duration=24h > token`, and renew it in time.',
    ],
    looksLike: [
      { cause: 'rbac-denied', toldApartBy: 'there the API knows who asks, and answers 403' },
      { cause: 'api-ca-untrusted', toldApartBy: 'there the log has an x509 error' },
    ],
    question: QUESTION,
  },
  {
    id: 'api-ca-untrusted',
    title: "Prometheus does not trust the Kubernetes API's certificate",
    kind: 'fault',
    symptom: 'No target of the proxies at all. Prometheus is up and ready; the API answers everybody else.',
    evidence: [
      'a TLS connection to the API with the CA of Prometheus: the certificate does not chain to it',
      "Prometheus' log: `Failed to watch ... x509: certificate signed by unknown authority`",
      'prometheus_sd_kubernetes_failures_total rises',
    ],
    reason: `The CA in tls_config.ca_file, or in the mounted ServiceAccount, is not the one that signed the API server's certificate: the cluster's CA was rotated, or the configuration was copied from another cluster. ${STANDS_STILL}`,
    remedy: [
      'In a pod: drop `api_server` and `tls_config` from kubernetes_sd_configs; Prometheus finds API and CA by itself.',
      'After a rotation: `kubectl -n linkerd-viz rollout restart deploy/prometheus`.',
      'Outside: `kubectl config view --raw --minify -o jsonpath="{.clusters[0].cluster.certificate-authority-data}" | base64 -d > ca.crt`.',
    ],
    looksLike: [
      { cause: 'token-expired', toldApartBy: 'there TLS succeeds, and the answer is 401' },
      { cause: 'rbac-denied', toldApartBy: 'there TLS succeeds, and the answer is 403' },
    ],
    question: QUESTION,
  },
];
