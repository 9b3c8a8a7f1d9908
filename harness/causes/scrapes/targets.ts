import type { Cause } from '../types.ts';

export const TARGET_CAUSES: Cause[] = [
  {
    id: 'scraped-by-two-jobs',
    title: 'Two jobs scrape the same proxy',
    kind: 'fault',
    symptom: 'Request rates are twice what they should be; success rates and latencies are right.',
    evidence: [
      'the active targets: one address under two scrape pools',
      'the scrape configuration: two jobs whose rules keep the proxies',
    ],
    reason:
      'The job linkerd-proxy of linkerd-viz beside a PodMonitor (whose job is linkerd/linkerd-proxy), or beside a job that takes every port called ...admin or ...metrics: each stores every series, and a query that names no job adds them up. All versions (facts, section 4).',
    remedy: ['Take one of the two out.', 'Until then name the job in every query: `{job="linkerd-proxy"}`.'],
    looksLike: [
      {
        cause: 'no-direction-filter',
        toldApartBy: 'there a request is counted once by its client and once by its server',
      },
      { cause: 'address-reused', toldApartBy: 'there the two targets bear the names of two pods' },
    ],
    question: 'Is any address among the active targets of more than one job?',
  },
  {
    id: 'address-reused',
    title: "A completed pod's address belongs to another pod now",
    kind: 'fault',
    symptom:
      'A pod that has long completed (of a Job, or evicted) seems to have traffic: that of the pod which has its address now, which is counted twice.',
    evidence: [
      'two active targets with one address and different pods, of which one is Succeeded or Failed',
      'the job has no rule that drops completed pods',
      'process_start_time_seconds of both is the same',
    ],
    reason:
      'A completed pod stands in the API with its last address until it is deleted, and the address is free for others. A job without a phase filter goes on scraping it. linkerd-viz filters by phase since edge-26.3.2 (2.20); the PodMonitor does not (facts, section 4).',
    remedy: [
      'In the job, first of all: `{ source_labels: [__meta_kubernetes_pod_phase], action: keep, regex: "(Pending|Running)" }`.',
      'Delete what has completed: `kubectl delete pods --all-namespaces --field-selector=status.phase=Succeeded`; give Jobs `ttlSecondsAfterFinished`.',
    ],
    looksLike: [
      { cause: 'scraped-by-two-jobs', toldApartBy: 'there both targets are of the same pod' },
      {
        cause: 'pod-label-overwrites-target-label',
        toldApartBy: 'there the pod has a single target, under another name',
      },
    ],
    question: 'Do two targets have one address, and has one of the pods completed?',
  },
  {
    id: 'prometheus-clock-off',
    title: "The clock of Prometheus' host is off",
    kind: 'fault',
    symptom:
      'Dashboards end in the past or show nothing for the last minutes; alerts on time() fire early or late; samples do not line up with logs.',
    evidence: [
      'time() as Prometheus evaluates it, against our clock, to within the time that the request took',
      'process_clock_time_seconds of the proxies against the time stamps of the samples',
    ],
    reason:
      'Prometheus stamps samples with its own clock, and proxies send no stamps. When its host is off, every sample is: by the same amount, so that rates are right and everything else that looks at time is not. `time() - process_start_time_seconds` and the expiry of certificates are off by as much.',
    remedy: [
      'On the node of Prometheus: `chronyc tracking`, `timedatectl status`; start or repair NTP.',
      "Alert on it: node_exporter's node_timex_offset_seconds and node_timex_sync_status.",
    ],
    looksLike: [
      { cause: 'scrape-timeout', toldApartBy: 'there samples are missing; here they bear other times' },
      { cause: 'certificate-expired', toldApartBy: "there the proxy's own clock is past the end as well" },
    ],
    question: "By how much does Prometheus' time() differ from our clock?",
  },
];
