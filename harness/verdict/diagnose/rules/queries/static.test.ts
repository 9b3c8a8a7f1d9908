import { describe, expect, it } from 'vitest';
import { matches, nameOf, type Selector } from '../../../../prometheus/promql/index.ts';
import { type StaticFacts, staticProblems } from './static.ts';

/** Series that there are, by their labels. */
const SERIES: Record<string, string>[] = [
  { __name__: 'up', job: 'linkerd-proxy' },
  { __name__: 'up', job: 'slow' },
  { __name__: 'request_total', job: 'linkerd-proxy', direction: 'inbound', deployment: 'cart' },
  { __name__: 'request_total', job: 'linkerd-proxy', direction: 'outbound', deployment: 'web', authority: 'cart.shop' },
  { __name__: 'response_total', job: 'linkerd-proxy', direction: 'inbound', classification: 'success' },
  { __name__: 'control_identity_cert_expiration_timestamp_seconds', job: 'linkerd-proxy' },
  { __name__: 'deployment:request_total:sum', deployment: 'cart' },
  { __name__: 'disk_reads_total', job: 'slow' },
];

const FACTS: StaticFacts = {
  intervalMs: (job) => ({ 'linkerd-proxy': 10_000, slow: 60_000 })[job],
  valuesOf: (label, selector) => [...new Set(selected(selector).map((labels) => labels[label] ?? ''))],
  proxyVersions: ['2.359.0'],
  recorded: new Map([
    ['deployment:request_total:sum', 'sum by (deployment) (request_total)'],
    ['deployment:request_total:rate1m', 'sum by (deployment) (rate(request_total[1m]))'],
  ]),
};

function selected(selector: Selector): Record<string, string>[] {
  return SERIES.filter(
    (labels) =>
      labels.__name__ === nameOf(selector) &&
      selector.matchers.every((m) => matches(m, labels[m.label] ?? '') !== false),
  );
}

const causes = (expr: string, facts = FACTS) => staticProblems(expr, facts).map((problem) => problem.cause);

describe('expressions as they should be', () => {
  it.each([
    'sum(rate(request_total{direction="inbound", deployment="cart"}[30s]))',
    'sum(rate(request_total{job="linkerd-proxy", authority="cart.shop"}[1m]))',
    'rate(disk_reads_total[2m])',
    // Nothing has failed: then there is nothing to select.
    'sum(rate(response_total{classification="failure"}[1m])) / sum(rate(response_total[1m])) > 0.05',
    'absent(up{job="gone"})',
    'absent_over_time(up{job="gone"}[5m])',
    'identity_cert_expiration_timestamp_seconds or control_identity_cert_expiration_timestamp_seconds',
    'up unless up{job="gone"}',
    'max_over_time(deployment:request_total:sum[1s])',
    'increase(sum(up)[1m:10s]) or vector(0)'.replace('increase', 'max_over_time'),
  ])('%s', (expr) => {
    expect(staticProblems(expr, FACTS)).toEqual([]);
  });
});

describe('expressions that can not be meant', () => {
  it('have a window of fewer than two samples, by the interval of the job', () => {
    expect(staticProblems('sum(rate(request_total[15s]))', FACTS)).toEqual([
      {
        cause: 'window-too-short',
        part: 'rate(request_total[15s])',
        message: 'its window of 15s often holds fewer than two samples: job linkerd-proxy is scraped every 10 s',
        instead: 'a window of 40 s or more',
      },
    ]);
    expect(causes('rate(disk_reads_total[1m])')).toEqual(['window-too-short']);
    expect(causes('rate(request_total[20s])')).toEqual([]);
  });

  it('sum before they rate, themselves or by a recorded sum', () => {
    expect(staticProblems('rate(sum by (deployment) (request_total)[5m:30s])', FACTS)).toMatchObject([
      { cause: 'sum-before-rate', instead: 'sum by (deployment) (rate(request_total[5m]))' },
    ]);
    expect(causes('rate(deployment:request_total:sum[5m])')).toEqual(['sum-before-rate']);
    expect(causes('max_over_time(sum(rate(request_total[1m]))[5m:])')).toEqual([]);
  });

  it('ask for a label of another version', () => {
    expect(
      staticProblems('sum(rate(request_total{direction="inbound", authority="cart.shop"}[1m]))', FACTS),
    ).toMatchObject([
      {
        cause: 'label-of-another-version',
        message: 'no series of request_total has a value for authority: proxies before v2.277 (Linkerd 2.18) give one',
      },
    ]);
    // A proxy of that version has it: then something else is wrong with the value.
    const old = { ...FACTS, proxyVersions: ['2.268.0', '2.359.0'] };
    expect(causes('request_total{direction="inbound", authority="cart.shop"}', old)).toEqual([null]);
  });

  it('ask for a family of another version', () => {
    expect(staticProblems('identity_cert_expiration_timestamp_seconds - time() < 3600', FACTS)).toMatchObject([
      { cause: 'label-of-another-version', instead: 'it is called control_identity_cert_expiration_timestamp_seconds' },
    ]);
  });

  it('ask for a job that has another name', () => {
    const podMonitor = { ...FACTS, valuesOf: jobsRenamed };
    expect(staticProblems('sum(rate(request_total{job="linkerd-proxy"}[1m]))', podMonitor)).toMatchObject([
      { cause: 'job-label-differs', instead: 'request_total{job="linkerd/linkerd-proxy"}' },
    ]);
  });

  it('select nothing, and by which matcher', () => {
    expect(staticProblems('sum(rate(request_total{deployment="crat"}[1m]))', FACTS)).toEqual([
      {
        cause: null,
        part: 'request_total{deployment="crat"}',
        message: 'it selects nothing',
        instead: 'it selects series without deployment="crat"',
      },
    ]);
    expect(causes('never_heard_of > 1')).toEqual([null]);
  });

  it('are not judged where our grammar does not know what Prometheus has taken', () => {
    const expr = 'rate(request_total[5m]) keep_metric_names';
    expect(staticProblems(expr, FACTS)).toEqual([
      {
        cause: null,
        part: expr,
        message: expect.stringMatching(/^it was not judged, as meshproof can't read it: column 25 of the query: /),
        instead: '',
        unread: true,
      },
    ]);
    expect(staticProblems('of_tomorrow(request_total)', FACTS)).toMatchObject([{ unread: true }]);
  });

  it('are not told of what is not known', () => {
    const nothing: StaticFacts = { ...FACTS, intervalMs: () => undefined, valuesOf: () => undefined };
    expect(
      staticProblems('sum(rate(request_total{job="x", direction="inbound", authority="y"}[1s]))', nothing),
    ).toEqual([]);
  });
});

function jobsRenamed(label: string, selector: Selector): string[] {
  const asked = selector.matchers.find((m) => m.label === 'job');
  if (asked?.op === '=' && asked.value === 'linkerd-proxy') return [];
  return label === 'job' ? ['linkerd/linkerd-proxy'] : [''];
}
