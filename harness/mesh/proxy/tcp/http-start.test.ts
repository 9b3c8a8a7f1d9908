import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { httpOf } from './http-start.ts';

const of = (text: string) => httpOf(Buffer.from(text, 'latin1'));

describe('httpOf', () => {
  it.each([
    'GET / HTTP/1.1',
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET / HTTP/1.0\r\n\r\n',
    'POST /a/very/long/path/whose/end/is/not',
    'OPTIONS * HTTP/1.1\n',
    '\r\nGET / HTTP/1.1\r\n',
    // The beginning of a method, as far as anyone can tell.
    'abcdefghijklmnop',
  ])('takes %j for HTTP/1', (text) => {
    expect(of(text)).toBe('http/1');
  });

  it.each(['PRI * HTTP/2.0', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'])('takes %j for HTTP/2', (text) => {
    expect(of(text)).toBe('http/2');
  });

  it.each([
    '',
    'GET / HTTP/1.',
    'PRI * HTTP/2.',
    'MESHPROOF shop/web 10 1\n',
    'GET / HTTP/2.0\r\n',
    'GET / http/1.1\r\n',
    'GET  / HTTP/1.1\r\n',
    '220 mail.shop ready\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdef',
    '*1\r\n$4\r\nPING\r\n....',
    '\x00\x00\x00\x08\x04\xd2\x16\x2f........',
  ])('takes %j for something else', (text) => {
    expect(of(text)).toBe('not_http');
  });

  it('takes every beginning of a request of 14 bytes and more for HTTP/1', () => {
    const line = 'DELETE /some/where?x=1 HTTP/1.1\r\nHost: web\r\n\r\n';
    fc.assert(
      fc.property(fc.integer({ min: 14, max: line.length }), (length) => {
        expect(of(line.slice(0, length))).toBe('http/1');
      }),
    );
  });
});
