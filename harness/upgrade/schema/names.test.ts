import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namesMatch, namesText, ofText } from './names.ts';

describe('names of families', () => {
  it.each([
    [['request_total'], 'request_total'],
    [['b_total', 'a_total'], 'a_total, b_total'],
    [['inbound_http_requests_total', 'inbound_grpc_requests_total'], 'inbound_{grpc,http}_requests_total'],
    [['outbound_tcp_detect_http_results_total'], 'outbound_tcp_detect_http_results_total'],
    [
      ['tokio_rt_park_total', 'tokio_rt_noop_total', 'tokio_rt_workers', 'tokio_rt_steal_total'],
      'tokio_rt_* (4 families)',
    ],
    [
      ['request_total', 'tcp_open_total', 'tcp_close_total', 'tcp_read_bytes_total', 'inbound_a'],
      'inbound_a, request_total, tcp_* (5 families)',
    ],
  ])('%j are %s', (names, text) => {
    expect(namesText(names)).toBe(text);
  });

  it('are found again in their text, and others are not', () => {
    const word = fc.constantFrom(
      'inbound',
      'outbound',
      'http',
      'grpc',
      'tcp',
      'tls',
      'open',
      'close',
      'route',
      'total',
    );
    const name = fc.array(word, { minLength: 2, maxLength: 5 }).map((words) => words.join('_'));
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 12 }), (names) => {
        const text = namesText(names) + ofText({ direction: 'inbound' });
        expect(names.filter((one) => !namesMatch(text, one))).toEqual([]);
        expect(namesMatch(text, 'another_name')).toBe(false);
      }),
    );
  });
});
