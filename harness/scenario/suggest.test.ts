import { expect, it } from 'vitest';
import { didYouMean, suggest } from './suggest.ts';

it('finds what was meant', () => {
  const fields = ['latency', 'errors', 'response', 'replicas', 'name'];
  expect(['latncy', 'error', 'repsonse', 'Replicas', 'nmae'].map((w) => suggest(w, fields))).toEqual([
    'latency',
    'errors',
    'response',
    'replicas',
    'name',
  ]);
  expect(suggest('banana', fields)).toBeNull();
  expect(suggest('x'.repeat(1000), fields)).toBeNull();
});

it('lists what there is when nothing is near', () => {
  expect(didYouMean('latncy', ['latency'])).toBe('did you mean `latency`?');
  expect(didYouMean('banana', ['a1', 'b2'])).toBe('there is a1, b2');
  expect(didYouMean('banana', [])).toBe('');
});
