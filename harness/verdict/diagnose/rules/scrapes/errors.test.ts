import { describe, expect, it } from 'vitest';
import { failureOf } from './errors.ts';

const GET = 'Get "http://10.42.0.7:4191/metrics": ';

describe("Prometheus' error of a scrape", () => {
  it.each([
    ['server returned HTTP status 403 Forbidden', { kind: 'status', status: 403 }],
    ['server returned HTTP status 400 Bad Request', { kind: 'status', status: 400 }],
    ['sample limit exceeded', { kind: 'limit', limit: 'sample limit' }],
    ['body size limit exceeded', { kind: 'limit', limit: 'body size limit' }],
    [
      'label_limit exceeded (metric: request_total, number of labels: 24, limit: 20)',
      { kind: 'limit', limit: 'label_limit' },
    ],
    [
      'label_name_length_limit exceeded (metric: a, label name: bbbb, length: 4, limit: 3)',
      { kind: 'limit', limit: 'label_name_length_limit' },
    ],
    ['target_limit exceeded (number of targets: 7, limit: 3)', { kind: 'limit', limit: 'target_limit' }],
    [`${GET}dial tcp 10.42.0.7:4191: connect: connection refused`, { kind: 'refused' }],
    [`${GET}dial tcp 10.42.0.7:4191: i/o timeout`, { kind: 'unreachable' }],
    [`${GET}dial tcp 10.42.0.7:4191: connect: no route to host`, { kind: 'unreachable' }],
    [`${GET}context deadline exceeded`, { kind: 'timeout' }],
    [`${GET}context deadline exceeded (Client.Timeout exceeded while awaiting headers)`, { kind: 'timeout' }],
    ['Get "https://10.42.0.7:4191/metrics": http: server gave HTTP response to HTTPS client', { kind: 'plaintext' }],
    [
      'Get "https://10.42.0.7:4191/metrics": tls: first record does not look like a TLS handshake',
      { kind: 'plaintext' },
    ],
    [
      String.raw`${GET}net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x15\x03\x01\x00\x02\x02\x16"`,
      { kind: 'tls' },
    ],
    [`${GET}EOF`, { kind: 'broken' }],
    ['unexpected EOF', { kind: 'broken' }],
    [`${GET}read tcp 10.42.0.2:40->10.42.0.7:4191: read: connection reset by peer`, { kind: 'broken' }],
    ['expected value after metric, got "x" ("INVALID") while parsing: "a{b=\\"c\\"} x"', { kind: 'page' }],
    ['strconv.ParseFloat: parsing "1.2.3": invalid syntax while parsing: "a 1.2.3"', { kind: 'page' }],
    ['invalid metric type "countr"', { kind: 'page' }],
    ['unsupported character in float while parsing: "a 1_0"', { kind: 'page' }],
    ['expected equal, got "}" ("BCLOSE") while parsing: "x{a}"', { kind: 'page' }],
    ['', { kind: 'other' }],
    ['something that nobody has seen', { kind: 'other' }],
  ])('%s', (error, failure) => {
    expect(failureOf(error)).toEqual(failure);
  });
});
