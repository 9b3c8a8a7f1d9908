import type { Cause } from '../types.ts';

/** What a query selects, and what there is to select. */
export const SERIES_CAUSES: Cause[] = [
  {
    id: 'failure-series-missing',
    title: 'There is no series of what never happened',
    kind: 'reading',
    symptom:
      'A success rate is empty exactly when everything succeeds (or, the other way round, when everything fails); panels show "No data", alerts do not fire.',
    evidence: [
      'one side of a division or difference yields nothing, and without its matcher of the outcome it selects series',
      'with zero in its place the query says what is true',
    ],
    reason:
      'A series of classification="failure" exists from the first failure on, and a sum of no series is no sample, not zero. A calculation with an operand without samples has no result.',
    remedy: [
      'Give it a zero: (sum(rate(response_total{classification="failure", ...}[1m])) or vector(0)).',
      'By group: ... or 0 * sum by (deployment) (rate(response_total{...}[1m])), which has a zero for each group that has traffic.',
    ],
    looksLike: [
      { cause: 'label-of-another-version', toldApartBy: 'there no series has the label' },
      { cause: 'job-label-differs', toldApartBy: 'there all sides of the calculation are empty' },
      { cause: 'window-too-short', toldApartBy: 'there a longer window helps' },
    ],
    question:
      'Which operand of the calculation is empty, and does it select anything without its status or classification?',
  },
  {
    id: 'no-direction-filter',
    title: 'Without a direction every request is counted twice',
    kind: 'reading',
    symptom: 'The rate of a service is about twice what its callers send, and more where it calls others itself.',
    evidence: [
      'the series that the query selects have direction="inbound" and direction="outbound"',
      'with one of the directions the query says what is true',
    ],
    reason:
      "request_total and its kin are counted by the caller's proxy as outbound and by the callee's as inbound, under one name. A workload's series hold what it is asked and what it asks. The top-line panel of Linkerd's dashboards selects no direction (facts, section 5).",
    remedy: [
      'What a workload serves: add direction="inbound"; what it asks of another: direction="outbound" and dst_deployment.',
      'To leave out the kubelet and Prometheus, who are not meshed: tls="true".',
    ],
    looksLike: [
      { cause: 'scraped-by-two-jobs', toldApartBy: 'there each series exists twice, by job' },
      { cause: 'retries-counted-as-requests', toldApartBy: 'there one direction alone shows more than was asked for' },
      { cause: 'probes-counted-as-traffic', toldApartBy: 'probes add a fixed rate, whatever the load' },
    ],
    question: 'Which directions do the selected series have, and what does the query say of each?',
  },
  {
    id: 'label-of-another-version',
    title: 'This version of the proxy does not have the label',
    kind: 'reading',
    symptom: 'After an upgrade a panel or an alert has no data, though traffic flows and other panels show it.',
    evidence: [
      'no series of the family has a value for the label, and without its matcher the selector selects series',
      'proxy_build_info: the versions that run have it no more, or not yet',
      'asked for in another way, the query says what is true',
    ],
    reason:
      'Inbound series lost authority with proxy v2.277.0 (edge-25.2.1, Linkerd 2.18), for its cardinality; outbound series still have it, as the name of the Service. hostname of outbound routes is empty since v2.280.0 (2.18) unless it is asked for. srv_port came with v2.286.0 (2.18), dst_zone_locality with 2.17. identity_cert_* is called control_identity_cert_* since v2.227.0 (2.16). Facts, section 9. A matcher of a label that no series has matches the empty value alone.',
    remedy: [
      'Inbound: select the workload by its target labels: {direction="inbound", namespace="shop", deployment="cart"}.',
      'By Service: ask the callers, {direction="outbound", authority=~"cart\\\\.shop\\\\.svc.*"}, or {direction="outbound", dst_service="cart", dst_namespace="shop"}.',
      'Instead of hostname: parent_name and parent_namespace; or the annotation config.linkerd.io/proxy-metrics-hostname-labels: "true".',
    ],
    looksLike: [
      { cause: 'job-label-differs', toldApartBy: 'there the job alone makes the selector select nothing' },
      { cause: 'failure-series-missing', toldApartBy: 'there other series have the label' },
      {
        cause: 'pod-label-overwrites-target-label',
        toldApartBy: 'there the label has another value, or is called exported_...',
      },
    ],
    question: 'Does any series of the family have a value for the label, and which versions run?',
  },
  {
    id: 'job-label-differs',
    title: 'The job is called otherwise',
    kind: 'reading',
    symptom: 'Queries with job="linkerd-proxy" have no data, while the same without a job have.',
    evidence: [
      'the selector selects nothing, and without its job it selects series of another job',
      'with that job the query says what is true',
    ],
    reason:
      'job is what the scrape configuration says. linkerd-viz calls it linkerd-proxy; under the PodMonitor of the linkerd-control-plane chart it is linkerd/linkerd-proxy (namespace and name), and federation or an agent may set it anew. Whatever selects by job="linkerd-proxy", as the health dashboard does (facts, section 4 and 5), selects nothing then.',
    remedy: [
      'Select both: job=~"(.+/)?linkerd-proxy".',
      'Or keep the name: jobLabel of the PodMonitor, or a relabelling with targetLabel: job, replacement: linkerd-proxy.',
    ],
    looksLike: [
      { cause: 'label-of-another-version', toldApartBy: 'there no series has the label at all' },
      {
        cause: 'pod-label-overwrites-target-label',
        toldApartBy: "there the targets of some pods alone have another job: their pods' label",
      },
      { cause: 'keep-rule-keeps-nothing', toldApartBy: 'there no job has the series' },
    ],
    question: 'Which jobs have the series that the query is about?',
  },
];
