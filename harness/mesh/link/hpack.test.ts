import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHeaders, encodeHeaders } from './hpack.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/);
const value = fc.oneof(
  fc.stringMatching(/^[\x21-\x7e]{0,60}$/),
  fc.string({ unit: fc.constantFrom('a', 'ÿ', '=', ' '), maxLength: 400 }),
);

describe('header blocks', () => {
  it('give back any list', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 60 }), (fields) => {
        const list = fields.flat();
        expect(decodeHeaders(encodeHeaders(list))).toEqual(list);
      }),
    );
  });

  it('use the static table as RFC 7541, C.3.1 does, apart from Huffman codes and the dynamic table', () => {
    const block = encodeHeaders([':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com']);
    // 0x01 in place of the example's 0x41: the field is not to be indexed.
    expect(block.toString('hex')).toBe(`82868401${'0f'}${Buffer.from('www.example.com').toString('hex')}`);
  });

  it('read literals with incremental indexing (C.2.1)', () => {
    const block = Buffer.from('400a637573746f6d2d6b65790d637573746f6d2d686561646572', 'hex');
    expect(decodeHeaders(block)).toEqual(['custom-key', 'custom-header']);
  });

  it.each([
    ['a Huffman code', '418cf1e3c2e5f23a6ba0ab90f4ff', /Huffman/],
    ['an index beyond the static table', 'be', /static table/],
    ['a value that is cut', '000161057a', /cut/],
    ['an integer that does not end', '0fffffffffffff', /cut/],
    ['a dynamic table', '3fe11f', /size 0/],
  ])('refuse %s', (_what, hex, message) => {
    expect(() => decodeHeaders(Buffer.from(hex, 'hex'))).toThrow(message);
  });

  it('are an error or a list, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          expect(decodeHeaders(Buffer.from(bytes)).length % 2).toBe(0);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});
