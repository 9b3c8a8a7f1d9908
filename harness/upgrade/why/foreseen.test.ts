import { describe, expect, it } from 'vitest';
import { changesBetween, type VersionSteps } from '../../changes/index.ts';
import type { SchemaDifference } from '../../result/upgrade/types.ts';
import { foreseenReason } from './foreseen.ts';

const SAME: SchemaDifference = {
  changes: [],
  seriesPerProxy: { before: 1, after: 1 },
  bytesPerScrape: { before: 1, after: 1 },
};
const UP: VersionSteps = { proxy: { from: '2.268.0', to: '2.294.0' }, linkerd: { from: '2.17', to: '2.18' } };
const FAR: VersionSteps = { proxy: { from: '2.188.0', to: '2.359.0' }, linkerd: { from: '2.12', to: '2.20' } };
const foreseen = (expr: string, steps: VersionSteps = UP) =>
  foreseenReason(expr, { schema: SAME, changes: changesBetween(steps) });

describe('a query of workloads that no scenario has', () => {
  it.each([
    'request_total{namespace="prod", direction="inbound", authority="checkout.prod:80"}',
    'sum(rate(request_total{direction=~"inbound", authority=~"checkout.*"}[5m] offset 1h)) > 5',
    'max_over_time(sum(rate(response_total{direction!="outbound", authority!=""}[5m]))[1h:1m])',
    '{__name__=~"request_total|response_total", direction="inbound", authority="x"}',
    'sum(rate({__name__="request_total", direction="inbound", authority="x"}[5m])) or vector(0)',
    'up{namespace="prod"} unless on (pod) up == 1 and request_total{direction="inbound", authority="x"}',
    'sum by (authority) (rate(request_total{namespace="prod", direction="inbound"}[5m])) > 5',
    'topk(3, sum(request_total{namespace="prod", direction!="outbound"}) by (deployment, authority))',
    'max without (pod) (request_total{namespace="prod"}) * on (authority) request_total{direction="inbound"}',
    'up{namespace="prod"} * on (pod) group_left (authority) request_total{direction="inbound"}',
    'up{namespace="prod"} * on (pod) group_right () sum by (pod, authority) (request_total{direction="inbound"})',
    'sum by (authority) (max without (pod) (request_total{direction="inbound"}))',
    'sum by (authority) (request_total{direction="inbound"} or response_total{direction="inbound"})',
  ])('asks for a label that goes: %s', (expr) => {
    expect(foreseen(expr)).toMatch(/^`authority` is no longer on inbound series since proxy v2\.277/);
  });

  it.each([
    'request_total{namespace="prod", authority="x"}',
    '{__name__=~"request_total|of_the_app", direction="inbound", authority="x"}',
    'request_total{namespace="prod", direction="outbound", authority="x"}',
    'request_total{namespace="prod", direction="inbound", authority!="x"}',
    'request_total{direction="inbound", authority="x"} or request_total{direction="outbound", authority="x"}',
    'absent(request_total{direction="inbound", authority="x"})',
    'up{namespace="prod"} unless request_total{direction="inbound", authority="x"}',
    'sum by (authority) (request_total{namespace="prod"})',
    'sum by (authority) (request_total{namespace="prod", direction="outbound"})',
    'sum without (authority) (request_total{namespace="prod", direction="inbound"})',
    'request_total{direction="inbound"} / ignoring (authority) response_total{direction="inbound"}',
    'request_total{direction="inbound"} / on (pod) response_total{direction="inbound"}',
    'sum by (authority) (sum by (pod) (request_total{direction="inbound"}))',
    'sum by (authority) (label_replace(request_total{direction="inbound"}, "authority", "$1", "pod", "(.*)"))',
    'sum by (authority) (request_total{direction="inbound"} or request_total{direction="outbound"})',
    'sum by (authority) (request_total{direction="inbound"}) or sum(up)',
    'sum by (authority) (up{namespace="prod"} * on (pod) group_left () request_total{direction="inbound"})',
    'sum by (authority) (absent(request_total{direction="inbound"}))',
    'up{namespace="prod"} unless sum by (authority) (request_total{direction="inbound"})',
    'not PromQL (',
  ])('does not need what goes: %s', (expr) => {
    expect(foreseen(expr)).toBe('');
  });

  it('names a job that is called otherwise, or is lost', () => {
    expect(foreseen('up{job="linkerd-service-mirror", namespace="prod"} == 0')).toMatch(
      /`linkerd-multicluster-controller` since Linkerd 2\.18; instead: select job="linkerd-multicluster-controller"$/,
    );
    const lost = { proxy: { from: '2.294.0', to: '2.326.0' }, linkerd: { from: '2.18', to: '2.19' } };
    expect(foreseen('up{job="linkerd-multicluster-controller"} == 0', lost)).toMatch(/lost without an error/);
    expect(foreseen('up{job="linkerd-proxy"} == 0', lost)).toBe('');
  });

  it('names a family that goes, on the way back as well', () => {
    expect(foreseen('identity_cert_expiration_timestamp_seconds{namespace="prod"} < 1', FAR)).toMatch(/2\.227/);
    const back = { proxy: { from: '2.294.0', to: '2.268.0' }, linkerd: { from: '2.18', to: '2.17' } };
    expect(foreseen('inbound_tcp_transport_header_connections_total{namespace="prod"}', back)).not.toBe('');
  });

  it('was nothing before, either, when the same step brings it', () => {
    expect(foreseen('outbound_http_route_request_statuses_total{hostname="x"}', FAR)).toBe('');
    expect(foreseen('identity_cert_refreshes_total{namespace="prod"}', FAR)).toBe('');
  });

  it('names bounds that Prometheus writes otherwise', () => {
    const steps = { prometheus: { from: '2.42.0', to: '3.15.0' } };
    expect(foreseen('rate(response_latency_ms_bucket{namespace="prod", le="100"}[5m])', steps)).not.toBe('');
    expect(foreseen('rate(response_latency_ms_bucket{namespace="prod", le="+Inf"}[5m])', steps)).toBe('');
  });

  it('asks for a family that was seen to go, whatever is known', () => {
    const change = { kind: 'gone', what: 'family', subject: 'process_threads', before: 'process_threads' } as const;
    const schema = { ...SAME, changes: [{ ...change, after: '', reason: '', guessed: false }] };
    expect(foreseenReason('process_threads{namespace="prod"} > 5', { schema, changes: [] })).toMatch(/is gone now/);
  });
});
