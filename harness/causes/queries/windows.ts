import type { Cause } from '../types.ts';

/** What functions of a range make of the samples in it. */
export const WINDOW_CAUSES: Cause[] = [
  {
    id: 'window-too-short',
    title: 'The window holds fewer than two samples',
    kind: 'reading',
    symptom: 'rate(), increase() or irate() yield nothing, or come and go from one evaluation to the next.',
    evidence: [
      'the window in the query against scrape_interval of the job (configuration of Prometheus)',
      'the same query over four intervals says what is true',
    ],
    reason:
      'A rate needs two samples of a series in its window. A window of one interval holds one, and one of less than two intervals often holds one: then the series is left out, from a sum too, without a word. Since Prometheus 3 a window does not include its left edge, so that [10s] with a scrape every 10 s never holds two.',
    remedy: [
      'Use a window of four scrape intervals at least, so that a failed scrape does no harm: [40s] with a scrape every 10 s.',
      'In Grafana: $__rate_interval, with the scrape interval set in the data source.',
      'linkerd viz stat: --time-window of four intervals or more (its default is 1m).',
    ],
    looksLike: [
      { cause: 'failure-series-missing', toldApartBy: 'a longer window does not help there' },
      { cause: 'label-of-another-version', toldApartBy: 'without its window the selector selects nothing there' },
      { cause: 'pod-shorter-than-a-scrape', toldApartBy: 'the pods have only one sample in all there' },
    ],
    question: 'What does the query say over a window of four scrape intervals?',
  },
  {
    id: 'irate-on-a-spiky-load',
    title: 'irate() shows the last two samples, not the window',
    kind: 'reading',
    symptom:
      'A rate, success rate or quantile jumps from refresh to refresh, and misses what happened a minute ago in a window of five.',
    evidence: [
      'irate() in the query, as in the latencies of linkerd viz stat and in most panels of its dashboards (facts, section 5)',
      'the same query with rate() says what is true',
    ],
    reason:
      'irate() takes the last two samples in its window and nothing else; the window only says how far back these may lie. With a load that comes in spikes it shows the spike or the pause, whichever was last.',
    remedy: [
      'Use rate() over the window that is meant: sum(rate(response_total{...}[5m])).',
      'Keep irate() for graphs at high resolution, where every pair of samples is looked at.',
    ],
    looksLike: [
      { cause: 'window-too-short', toldApartBy: 'its window holds two samples here' },
      { cause: 'quantile-in-a-wide-bucket', toldApartBy: 'there the truth lies in the same bucket as the value' },
      { cause: 'idle-series-evicted', toldApartBy: 'there the series is gone' },
    ],
    question: 'What does the query say with rate() instead of irate()?',
  },
  {
    id: 'series-born-above-zero',
    title: 'A series that begins above zero: increase() misses its first value',
    kind: 'reading',
    symptom:
      'The first error after a long time, or the first requests to a new service, do not show in increase() or rate(), though the counter is there and above zero.',
    evidence: [
      'the first stored sample of a series is above zero, and lies in the window (raw samples)',
      'with the first values added the query says what is true',
    ],
    reason:
      "A proxy makes a series when it first counts something. What it counted until the next scrape is in the first sample, and increase() is made of differences between samples: the first value is in none of them. The more series (pods, statuses, routes) and the fewer requests of each, the more is missed; a burst that ends before the next scrape is missed as a whole. Prometheus can't know whether a series that it sees for the first time began at zero (text format 0.0.4 has no created timestamps, and the proxy sends none).",
    remedy: [
      'Count what is new in the window as it is: sum((response_total{...} unless response_total{...} offset 5m) or increase(response_total{...}[5m])).',
      'For alerts on rare events: response_total{...} unless response_total{...} offset 5m, beside the increase.',
    ],
    looksLike: [
      { cause: 'pod-shorter-than-a-scrape', toldApartBy: 'there the pod is gone before it could be scraped twice' },
      { cause: 'idle-series-evicted', toldApartBy: 'there the series was there before, and came back' },
      { cause: 'proxy-restarted', toldApartBy: 'there process_start_time_seconds changes' },
    ],
    question: 'Which series begin in the window, and with what value?',
  },
  {
    id: 'sum-before-rate',
    title: 'The rate of a sum takes a restart for a rush',
    kind: 'reading',
    symptom: 'When a pod restarts or is scaled away, a rate shoots up for the length of its window.',
    evidence: [
      'rate(), irate() or increase() over a subquery of a sum, or over a recorded sum',
      'a counter in the sum falls, ends or has a hole (raw samples)',
      'summed after rating, the query says what is true',
    ],
    reason:
      'A counter that falls was reset, so rate() adds what it shows after the fall. When one of several counters in a sum begins anew, the sum falls by that one alone, but rate() takes all that is left of the sum for new.',
    remedy: [
      'Rate first, then sum: sum(rate(request_total{...}[5m])).',
      'Record rates, not sums of counters: record: deployment:request_total:rate1m, expr: sum by (deployment) (rate(request_total[1m])).',
    ],
    looksLike: [
      {
        cause: 'proxy-restarted',
        toldApartBy: 'there the query rates each counter by itself, and loses what was not scraped',
      },
      { cause: 'scraped-by-two-jobs', toldApartBy: 'there the rate is too high all the time' },
    ],
    question: 'What does the query say when every counter is rated by itself?',
  },
];
