import { expect, it } from 'vitest';
import type { MetricLedger } from '../ledger/types.ts';
import { countsAtRest } from './at-rest.ts';

const counts = (...series: [name: string, labels: Record<string, string>][]) => {
  const samples = (v: number) => [{ t: 0, v }];
  const ledger = { series: series.map(([name, labels], i) => ({ name, labels, samples: samples(i + 1) })) };
  return countsAtRest(ledger as unknown as MetricLedger);
};

it('are those of meshed peers, of all that leaves a pod, and of routes', () => {
  const text = counts(
    ['request_total', { direction: 'inbound', tls: 'true', target_port: '8080' }],
    ['response_total', { direction: 'outbound', tls: 'no_identity', target_port: '8080' }],
    ['tcp_close_total', { direction: 'outbound', tls: 'true' }],
    ['tcp_read_bytes_total', { direction: 'inbound', tls: 'true', peer: 'src' }],
    ['outbound_grpc_route_request_statuses_total', { parent_name: 'web' }],
    ['route_actual_response_total', { direction: 'outbound', dst: 'web:80' }],
  );
  expect(text).toBe('1,2,3,4,5,6');
});

it('are none of probes, nor of scrapes and readings, whoever they are from', () => {
  const text = counts(
    ['request_total', { direction: 'inbound', tls: 'no_identity', target_port: '8080' }],
    ['request_total', { direction: 'inbound', tls: 'true', target_port: '4191' }],
    ['tcp_read_bytes_total', { direction: 'inbound', tls: 'true', target_port: '4191' }],
    ['tcp_open_total', { direction: 'inbound', tls: 'no_identity', peer: 'dst' }],
    ['control_response_total', { tls: 'true' }],
    ['route_request_total', { direction: 'inbound' }],
  );
  expect(text).toBe('');
});
