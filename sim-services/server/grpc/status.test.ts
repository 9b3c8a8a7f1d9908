import { Metadata } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { failureOf, readEnd } from './status.ts';

function metadata(headers: Record<string, string>): Metadata {
  const result = new Metadata();
  for (const [name, value] of Object.entries(headers)) result.set(name, value);
  return result;
}

// That the library uses these words is tried in grpc.integration.test.ts, with real connections.
test.each([
  [{ code: 0, details: 'OK' }, {}, true, { status: 200, code: 0 }],
  // A proxy ends a stream that broke off by trailers with nothing but a code.
  [{ code: 14, details: '' }, {}, true, { status: 200, code: 14 }],
  [{ code: 13, details: 'unexpected error' }, {}, true, { status: 200, code: 13 }],
  [
    { code: 14, details: 'Connection dropped' },
    { 'content-type': 'application/grpc' },
    false,
    { status: 200, code: 14 },
  ],
  [{ code: 14, details: 'Connection dropped' }, {}, true, null],
  [{ code: 14, details: 'No connection established. Last error: connect ECONNREFUSED' }, {}, false, null],
  [{ code: 13, details: 'Received RST_STREAM with code 2 (Internal server error)' }, {}, true, null],
  [{ code: 14, details: 'read ECONNRESET' }, {}, true, null],
  [
    { code: 13, details: 'Received RST_STREAM with code 0 (Call ended without gRPC status)' },
    {},
    true,
    { status: 200, code: null },
  ],
  [{ code: 13, details: 'Received RST_STREAM with code 0 (Call ended without gRPC status)' }, {}, false, null],
  [{ code: 14, details: 'Received HTTP status code 503' }, {}, false, { status: 503, code: null }],
  [{ code: 2, details: 'Received HTTP status code 200' }, { 'x-more': '1' }, true, { status: 200, code: null }],
])('%j with %j', (status, headers, headersCame, end) => {
  expect(readEnd({ ...status, metadata: metadata(headers) }, headersCame)).toEqual(end);
});

test('the codes that Linkerd counts as failures are failures, and no others', () => {
  const failed = Array.from({ length: 17 }, (_, code) => code).filter(
    (code) => failureOf({ status: 200, code }) !== null,
  );
  expect(failed).toEqual([2, 4, 7, 13, 14, 15]);
  expect([4, 14, 2].map((code) => failureOf({ status: 200, code }))).toEqual([504, 503, 500]);
  expect(failureOf({ status: 200, code: null })).toBe(500);
  expect(failureOf({ status: 503, code: null })).toBe(503);
});
