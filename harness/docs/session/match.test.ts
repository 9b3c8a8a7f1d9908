import { describe, expect, it } from 'vitest';
import { Mismatch, matchOutput } from './match.ts';

const OUTPUT = `SCENARIO  VERDICT  REQUESTS   LATENCY
checkout  pass          500  +6.59 ms

Why: the pod shop/cart-bc44abc224-47cnn said so
and that is all of it
PASS: 1 of 1 scenario passed, in 17.0 s
results: results/20261122T184117Z-6b1917
`;
const shown = (text: string) => text.trim().split('\n');

describe('what a document shows of an output', () => {
  it.each([
    ['all of it', OUTPUT],
    [
      'other numbers, times, ids and pods',
      OUTPUT.replace('500', '1,501')
        .replace('+6.59 ms', '-1 us')
        .replace('47cnn', 'x2x2x')
        .replace('184117Z-6b1917', '184118Z-ffffff')
        .replace('17.0', '8'),
    ],
    ['broken elsewhere', OUTPUT.replace('so\nand', 'so and\n ').replace('  500', '500')],
    ['without its end', 'SCENARIO VERDICT REQUESTS LATENCY\n...'],
    ['without its beginning', '...\nresults: results/20261122T184117Z-6b1917'],
    ['without its middle', 'SCENARIO VERDICT REQUESTS LATENCY\n...\nPASS: 1 of 1 scenario passed, in 17.0 s\n...'],
  ])('%s: matches', (_, text) => {
    expect(() => matchOutput(shown(text), OUTPUT)).not.toThrow();
  });

  it.each([
    ['another word', OUTPUT.replace('pass', 'fail')],
    ['a line more', OUTPUT.replace('Why', 'This too\nWhy')],
    ['a line less', OUTPUT.replace('and that is all of it\n', '')],
    ['an end that is not the end', OUTPUT.replace(/results.*\n/, '')],
    ['a beginning that is not the beginning', OUTPUT.replace(/^SCENARIO.*\n/, '')],
    ['another order', '...\nresults: results/20261122T184117Z-6b1917\n...\nWhy: the pod\n...'],
    ['a line that begins in the middle of another', '...\nthe pod shop/cart-bc44abc224-47cnn said so\n...'],
    ['nothing but lines left out before something that is not there', '...\nFAIL\n...'],
  ])('%s: does not', (_, text) => {
    expect(() => matchOutput(shown(text), OUTPUT)).toThrow(Mismatch);
  });

  it('may be cut to its width elsewhere, and only there', () => {
    const cut = (text: string) =>
      matchOutput([`why  ${text}`, 'do  that'], 'why  the rate is 79.8/s, the truth is 4…\ndo  that\n');
    expect(cut('the rate is 180.5/s, the truth…')).toHaveLength(2);
    expect(cut('the rate is 180.5/s, the truth is …')).toHaveLength(2);
    expect(() => cut('the rate was 1/s, the truth is 4…')).toThrow(Mismatch);
    expect(() => cut('the rate is 1/s, the truth is 4')).toThrow(Mismatch);
  });

  it('is renewed line by line', () => {
    const old =
      'SCENARIO VERDICT REQUESTS LATENCY\ncheckout pass 1 +2 ms\n...\nPASS: 2 of 2 scenario passed, in 1 s\n...';
    expect(matchOutput(shown(old), OUTPUT)).toEqual([
      'SCENARIO  VERDICT  REQUESTS   LATENCY',
      'checkout  pass          500  +6.59 ms',
      '...',
      'PASS: 1 of 1 scenario passed, in 17.0 s',
      '...',
    ]);
  });
});
