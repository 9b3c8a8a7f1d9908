import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html, prose } from './markup.ts';

describe('prose', () => {
  it.each([
    ['nothing to see', 'nothing to see'],
    ['look: `kubectl get pods`.', 'look: <code>kubectl get pods</code>.'],
    ['`a` and `b`', '<code>a</code> and <code>b</code>'],
    ['`a` and `b', '<code>a</code> and `b'],
    ['one ` alone', 'one ` alone'],
    ['`<b>`', '<code>&lt;b&gt;</code>'],
    ['', ''],
  ])('%s', (text, expected) => {
    expect(prose(text).text).toBe(expected);
  });

  it('loses no character', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const plain = prose(text).text.replace(/<\/?code>/g, '`');
        expect(plain).toBe(html`${text}`.text);
      }),
    );
  });
});
