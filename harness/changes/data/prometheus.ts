import type { KnownChange } from '../types.ts';

const promql = (id: string, text: string, instead: string, rewrite?: KnownChange['rewrite']): KnownChange => ({
  id,
  of: 'prometheus',
  since: '3.0.0',
  linkerd: '',
  subject: { kind: 'promql' },
  text,
  instead,
  ...(rewrite && { rewrite }),
});

/** Prometheus 2 to 3 (its migration guide). */
export const PROMETHEUS: readonly KnownChange[] = [
  promql(
    'le-as-float',
    'Prometheus stores `le` and `quantile` as floats: `le="1"` is `le="1.0"`',
    'write whole bounds as 1.0; ranges that reach back over the upgrade hold both',
    { kind: 'le-float' },
  ),
  promql(
    'left-open-ranges',
    'ranges, subqueries and the look-back are open on the left: a sample that lies right on the left edge is not in them any more, so that a window of one interval holds one sample less',
    'make the window longer by one scrape interval, or that of a subquery by one step',
  ),
  promql(
    'holt-winters-renamed',
    '`holt_winters` is called `double_exponential_smoothing`, and Prometheus knows it only with --enable-feature=promql-experimental-functions',
    'rename it and start Prometheus with --enable-feature=promql-experimental-functions',
    { kind: 'rename-function', from: 'holt_winters', to: 'double_exponential_smoothing' },
  ),
  promql(
    'regex-dot-newline',
    'the dot of a regular expression matches line breaks, too',
    'write [^\\n] where a line break must not match',
  ),
  {
    id: 'utf8-names',
    of: 'prometheus',
    since: '3.0.0',
    linkerd: '',
    subject: { kind: 'setting', name: 'metric_name_validation_scheme' },
    text: 'names of metrics and labels may hold any UTF-8 character',
    instead: 'set metric_name_validation_scheme: legacy to keep the old rule',
  },
  {
    id: 'strict-content-type',
    of: 'prometheus',
    since: '3.0.0',
    linkerd: '',
    subject: { kind: 'setting', name: 'fallback_scrape_protocol' },
    text: 'a scrape fails when the target answers without a Content-Type that Prometheus knows',
    instead: 'set fallback_scrape_protocol for such targets; the proxies answer text/plain, which it takes',
  },
  {
    id: 'default-ports',
    of: 'prometheus',
    since: '3.0.0',
    linkerd: '',
    subject: { kind: 'setting', name: 'no-default-scrape-port' },
    text: 'targets without a port get none: `instance` is the address as it is configured',
    instead: 'write the port into the address',
  },
  {
    id: 'scrape-classic-histograms',
    of: 'prometheus',
    since: '3.0.0',
    linkerd: '',
    subject: { kind: 'setting', name: 'always_scrape_classic_histograms' },
    text: 'the setting `scrape_classic_histograms` is called `always_scrape_classic_histograms`',
    instead: 'rename it in the scrape configuration',
  },
  {
    id: 'alertmanager-v1',
    of: 'prometheus',
    since: '3.0.0',
    linkerd: '',
    subject: { kind: 'setting', name: 'alertmanagers.api_version' },
    text: "Alertmanager's API v1 is not spoken any more",
    instead: 'use Alertmanager 0.16 or newer with api_version: v2',
  },
];
