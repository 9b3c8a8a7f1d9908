import type { Cause } from '../types.ts';

export const REACH_CAUSES: Cause[] = [
  {
    id: 'admin-port-denied',
    title: 'A policy denies scrapes of the admin port',
    kind: 'fault',
    symptom: 'Targets are down with `server returned HTTP status 403 Forbidden`; the pods work, and probes succeed.',
    evidence: [
      'the last error of the target: HTTP status 403',
      'the admin page, fetched directly: 403 as well, unless the policy lets us in and Prometheus not',
      'Servers and AuthorizationPolicies of the namespace, the annotation config.linkerd.io/default-inbound-policy',
    ],
    reason:
      'The inbound policy holds for the admin port too: with the default policy deny, or with a Server that selects linkerd-admin, scrapes need an authorization, while the paths of probes stay allowed (facts, section 3). The proxy counts it in inbound_http_authz_deny_total and nowhere else. Since 2.11.',
    remedy: [
      '`linkerd viz allow-scrapes --namespace NAMESPACE | kubectl apply -f -` lets the Prometheus of linkerd-viz in.',
      'Another Prometheus needs an identity (mesh it) and an AuthorizationPolicy for its ServiceAccount; or a NetworkAuthentication with the addresses of its pods.',
    ],
    looksLike: [
      { cause: 'admin-port-refused', toldApartBy: 'there no connection comes about' },
      { cause: 'rbac-denied', toldApartBy: 'there it is the Kubernetes API that says 403, and there is no target' },
    ],
    question: 'What does the admin page answer to a direct request?',
  },
  {
    id: 'admin-port-dropped',
    title: 'Packets to the admin port are dropped',
    kind: 'fault',
    symptom:
      'Targets of some pods are down with `context deadline exceeded`; every scrape takes the whole timeout. The pods work.',
    evidence: [
      'the last error of the target, and scrape_duration_seconds at the timeout',
      'a direct request: no connection, or one on which nothing ever comes',
    ],
    reason:
      'A NetworkPolicy, a security group or a firewall of the node drops what goes to port 4191. Nothing answers, so every scrape waits for its timeout. All versions.',
    remedy: [
      'Let Prometheus reach the port: a NetworkPolicy with `ingress: [{ from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: linkerd-viz } } }], ports: [{ port: 4191 }] }]`.',
      "Which ones select the pod: `kubectl -n NAMESPACE get networkpolicies`; between nodes look at the cloud's security groups.",
    ],
    looksLike: [
      { cause: 'scrape-timeout', toldApartBy: 'there the page comes when one waits for longer' },
      { cause: 'admin-port-refused', toldApartBy: 'there the answer comes at once: connection refused' },
    ],
    question: 'Does a direct request get a connection, and does anything come when it waits for several timeouts?',
  },
  {
    id: 'admin-port-refused',
    title: 'Connections to the admin port are refused',
    kind: 'fault',
    symptom: 'Targets of some pods are down with `connect: connection refused`, at once. The pods may work.',
    evidence: [
      'the last error of the target: connection refused',
      'a direct request is refused as well',
      "the proxy's container runs, as the kubelet says",
    ],
    reason:
      'Nobody listens on the port at that address: the admin server listens on 127.0.0.1 (LINKERD2_PROXY_ADMIN_LISTEN_ADDR), on another port than the one that is declared, on IPv4 where the target has an IPv6 address or the reverse; or a firewall rejects. All versions.',
    remedy: [
      '`kubectl -n NAMESPACE get pod POD -o yaml | grep -A1 ADMIN_LISTEN_ADDR` must say 0.0.0.0:4191 or [::]:4191, and the port of linkerd-admin must be the same.',
      '`kubectl -n NAMESPACE rollout restart deploy/NAME` lets the injector set both.',
    ],
    looksLike: [
      {
        cause: 'proxy-restarted',
        toldApartBy: 'there the proxy was away for a moment, and its counters begin at zero',
      },
      { cause: 'admin-port-dropped', toldApartBy: 'there nothing comes back at all' },
      { cause: 'address-reused', toldApartBy: 'there the target bears the name of a pod that has completed' },
    ],
    question: 'Is a direct request refused as well, while the container runs?',
  },
  {
    id: 'scrape-timeout',
    title: 'The page takes longer than the scrape timeout',
    kind: 'fault',
    symptom: 'Targets are down with `context deadline exceeded`, all the time or off and on; graphs have gaps.',
    evidence: [
      'the last error of the target, and scrape_duration_seconds at the timeout',
      'the page, fetched directly: it comes, after longer than scrape_timeout',
    ],
    reason:
      'The page has a line for each series: a proxy with many destinations prints megabytes, and one that is short of CPU prints them slowly. scrape_timeout is 10 s by default, never more than the interval. All versions.',
    remedy: [
      'Give it time: `scrape_timeout: 30s` with `scrape_interval: 30s` in the job.',
      'Give it CPU: annotation `config.linkerd.io/proxy-cpu-limit: 500m`, or none.',
      'Make the page smaller: a retain-idle time of less than 10 min (LINKERD2_PROXY_METRICS_RETAIN_IDLE), no hostname labels.',
    ],
    looksLike: [
      { cause: 'admin-port-dropped', toldApartBy: 'there the page never comes' },
      { cause: 'scrape-limit-exceeded', toldApartBy: 'there the error names the limit' },
    ],
    question: 'How long does the page take when one waits for it?',
  },
];
