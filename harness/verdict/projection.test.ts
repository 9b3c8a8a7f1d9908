import { describe, expect, test } from 'vitest';
import type { MetricLedger } from '../ledger/types.ts';
import { judge } from './judge.ts';
import { simulate } from './testing/simulate.ts';
import { randomWorld } from './testing/worlds.ts';

const input = simulate(randomWorld(3, 30));

/** Every series of a family and direction with another value of a label; `null` leaves it out. */
function relabelled(ledger: MetricLedger, family: string, label: string, value: string | null): MetricLedger {
  const series = ledger.series.map((s) => {
    if (s.name !== family || s.labels.tls === 'no_identity' || s.labels.route_name === 'probe') return s;
    if (s.labels[label] === undefined) return s;
    const { [label]: _old, ...rest } = s.labels;
    return { ...s, labels: value === null ? rest : { ...rest, [label]: value } };
  });
  return { ...ledger, series };
}

const OUTBOUND = 'outbound_http_route_backend_requests_total';

describe('labels that the topology determines', () => {
  test.each([
    ['request_total', 'srv_port', '9'],
    ['request_total', 'srv_name', 'other'],
    ['request_total', 'srv_kind', null],
    ['request_total', 'authz_name', 'cluster-authenticated'],
    ['request_total', 'authz_kind', 'server'],
    ['request_total', 'route_kind', 'HTTPRoute'],
    ['request_total', 'route_name', 'checkout'],
    ['request_total', 'target_addr', null],
    ['request_total', 'dst_pod_template_hash', '5d9f9'],
    ['request_total', 'dst_control_plane_ns', 'other'],
    ['request_total', 'dst_deployment', null],
    ['request_total', 'server_id', null],
    ['request_total', 'authority', 's0.shop.svc.cluster.local:81'],
    ['request_total', 'tls', 'disabled'],
    ['inbound_http_requests_total', 'parent_name', 'other'],
    ['inbound_http_requests_total', 'route_kind', 'HTTPRoute'],
    ['inbound_http_requests_total', 'route_name', 'http'],
    [OUTBOUND, 'parent_port', '81'],
    [OUTBOUND, 'backend_port', '81'],
    [OUTBOUND, 'backend_kind', null],
    [OUTBOUND, 'route_name', 'default'],
    [OUTBOUND, 'route_kind', 'HTTPRoute'],
  ])('%s with another %s (%s) is nobody known', (family, label, value) => {
    const { reasons } = judge({
      ...input,
      proxy: relabelled(input.proxy, family, label, value),
      prometheus: relabelled(input.prometheus, family, label, value),
    });
    expect(reasons.map((r) => r.code)).toContain('UNEXPLAINED_SERIES');
    expect(reasons.find((r) => r.code === 'UNEXPLAINED_SERIES')!.message).toContain(label);
  });
});
