import { describe, expect, it } from 'vitest';
import { answered, unreached } from './page-outcome.ts';

const PAGE = '# TYPE a counter\na{x="1",y="2"} 1\na{y="2",x="1"} 2\nb 3\n';

describe('an answer as evidence', () => {
  it('is a page, with the series that stand on it twice in whatever order of labels', () => {
    const read = answered(200, PAGE);
    expect(read).toMatchObject({ outcome: 'ok', connected: true, status: 200, error: '', bytes: PAGE.length });
    expect(read.page?.samples).toHaveLength(3);
    expect(read.duplicates).toEqual(['a{x="1",y="2"}']);
  });

  it('is no page', () => {
    expect(answered(200, 'a{ 1\n')).toMatchObject({
      outcome: 'unparsable',
      page: null,
      error: expect.stringContaining('line 1'),
    });
    expect(answered(403, '\n')).toMatchObject({ outcome: 'status', status: 403, error: 'status 403' });
  });
});

describe('what the API server says of a pod that it can not read', () => {
  const dial = 'dial tcp 10.244.0.5:4191';
  it.each([
    ['http', `${dial}: connect: connection refused`, 'refused', false],
    ['http', `${dial}: i/o timeout`, 'timeout', false],
    ['http', 'net/http: timeout awaiting response headers', 'timeout', true],
    ['http', `${dial}: connect: no route to host`, 'failed', false],
    [
      'http',
      String.raw`net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x15\x03\x01"`,
      'not-http',
      true,
    ],
    ['http', 'read tcp 10.244.0.1:4->10.244.0.5:4191: read: connection reset by peer', 'failed', true],
    ['http', 'EOF', 'failed', true],
    ['https', 'tls: first record does not look like a TLS handshake', 'tls-failed', true],
    ['https', 'http: server gave HTTP response to HTTPS client', 'tls-failed', true],
    ['https', 'remote error: tls: handshake failure', 'tls-failed', true],
    ['https', `${dial}: connect: connection refused`, 'refused', false],
  ] as const)('%s: %s is %s', (scheme, error, outcome, connected) => {
    const read = unreached(`error trying to reach service: ${error}`, scheme);
    expect(read).toMatchObject({ outcome, connected, error, page: null });
  });

  it('is nothing about the pod where it speaks of something else', () => {
    expect(unreached('pods "web-1" not found', 'http')).toBeNull();
  });
});
