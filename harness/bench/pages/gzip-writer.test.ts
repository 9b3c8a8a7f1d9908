import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PROFILES } from '../../mesh/profiles/index.ts';
import { GzipWriter } from './gzip-writer.ts';
import { Pages } from './pages.ts';
import { shapeFor } from './shape.ts';

it('says what was written, of any pieces with any values between them', () => {
  const piece = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', 'request_total{direction="inbound"} ', '\n', '\xe9'), maxLength: 40 }),
    fc.nat(9000).map((length) => 'x'.repeat(length)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  );
  const value = fc.oneof(
    fc.nat().map(String),
    fc.double({ noNaN: true, min: 0, max: 1e12 }).map((v) => String(v)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(piece, value), { maxLength: 60 }), piece, fc.nat(3), (rows, last, repeats) => {
      const all = Array.from({ length: repeats + 1 }, () => rows).flat();
      const text = all.map(([part]) => part).join('') + last;
      const codes = Uint16Array.from(text, (character) => character.charCodeAt(0));
      const ends: number[] = [];
      const shifts = [0];
      let page = '';
      let at = 0;
      for (const [part, digits] of all) {
        at += part.length;
        ends.push(at);
        page += part + digits;
        shifts.push(page.length - at);
      }
      ends.push(text.length);
      const writer = new GzipWriter(codes, Int32Array.from(ends), 25, page.length + last.length);
      const plain = Buffer.from(page + last, 'latin1');
      const out = Buffer.alloc(writer.maxBytes, '#');
      const length = writer.write(out, plain, { ends: Int32Array.from(ends), shifts: Int32Array.from(shifts) });
      expect(gunzipSync(out.subarray(0, length)).equals(plain)).toBe(true);
    }),
    { numRuns: 150 },
  );
});

it.each(PROFILES.map(({ proxyVersion }) => proxyVersion))(
  'is a page of %s, nearly as small as zlib makes it',
  (version) => {
    const pages = new Pages({ pods: 40, seed: 2, shape: shapeFor({ version, series: 1000 }), requestsPerSecond: 300 });
    const page = Buffer.alloc(pages.maxBytes);
    const zipped = Buffer.alloc(pages.maxBytesOfGzip);
    for (let serial = 0; serial < 40; serial += 13) {
      const proxy = pages.proxy(pages.cast.workloadOf(serial), pages.cast.ip(serial), 1e9, 0);
      for (const after of [0, 10, 1e5, 3e7]) {
        const plain = page.subarray(0, pages.write(proxy, 1e9 + after, page));
        const length = pages.compress(plain, zipped);
        expect(gunzipSync(zipped.subarray(0, length)).equals(plain)).toBe(true);
        expect(length).toBeLessThan(gzipSync(plain, { level: 1 }).length * 1.4);
      }
    }
  },
);
