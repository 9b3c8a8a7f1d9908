import { describe, expect, it } from 'vitest';
import { ALL_CAUSE_IDS } from './ids.ts';
import { CATALOGUE, causeOf } from './index.ts';

it('has exactly one entry for every cause, in the order of their ids', () => {
  expect(CATALOGUE.map(({ id }) => id)).toEqual(ALL_CAUSE_IDS);
  expect(new Set(CATALOGUE.map(({ title }) => title)).size).toBe(ALL_CAUSE_IDS.length);
});

describe.each(CATALOGUE)('$id', (cause) => {
  it('is found by its id', () => {
    expect(causeOf(cause.id)).toBe(cause);
  });

  it('says everything that its page has', () => {
    const texts = [cause.title, cause.symptom, cause.reason, cause.question, ...cause.evidence, ...cause.remedy];
    for (const text of texts) expect(text.trim()).not.toBe('');
    expect(cause.evidence.length).toBeGreaterThan(0);
    expect(cause.remedy.length).toBeGreaterThan(0);
    expect(cause.title, 'fits a heading and a line of a terminal').toMatch(/^[^.\n]{5,75}$/);
    expect(cause.question).toMatch(/\?$/);
  });

  it('is told apart from others, not from itself', () => {
    const others = cause.looksLike.map((other) => other.cause);
    expect(others).not.toContain(cause.id);
    expect(new Set(others).size).toBe(others.length);
    for (const { toldApartBy } of cause.looksLike) expect(toldApartBy.trim()).not.toBe('');
  });
});
