import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCase, encodeCase } from './case-file.ts';
import type { DiagnosedCase } from './diagnosis.ts';

describe('the file of a diagnosis', () => {
  it('brings back what was written, every number of it', () => {
    const value = fc.oneof(fc.double(), fc.string(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, null, 0));
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          fc.array(value),
        ),
        (stored) => {
          const diagnosed = {
            input: { run: null, evidence: { stored } },
            answers: [],
            findings: [],
          } as unknown as DiagnosedCase;
          // JSON has one zero.
          const plain = JSON.parse(
            JSON.stringify(diagnosed, (_k, v) => (Object.is(v, -0) ? 0 : v)),
            (_k, v) => v,
          );
          const read = decodeCase(encodeCase(diagnosed));
          expect(JSON.stringify(read)).toBe(JSON.stringify(plain));
          const numbers = (from: object) =>
            Object.values(from)
              .flat()
              .map((one) => (one === 0 ? 0 : one));
          expect(numbers((read.input.evidence as never as { stored: object }).stored)).toEqual(numbers(stored));
        },
      ),
    );
  });

  it('refuses another file', () => {
    expect(() => decodeCase('{"kind":"Result","apiVersion":"meshproof/v1"}')).toThrow('this is no evidence');
    expect(() => decodeCase('{"a":')).toThrow(SyntaxError);
  });
});
