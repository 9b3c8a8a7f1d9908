import { describe, expect, it } from 'vitest';
import { ALL_CAUSE_IDS } from '../../../causes/ids.ts';
import { ALL_RULES } from './index.ts';

describe('the table of rules', () => {
  it('has a rule for each cause of the catalogue', () => {
    const named = new Set(ALL_RULES.flatMap(({ causes }) => causes));
    expect(ALL_CAUSE_IDS.filter((id) => !named.has(id))).toEqual([]);
  });

  it('says of each rule what it looks at', () => {
    for (const { needs } of ALL_RULES) expect(needs.length).toBeGreaterThan(0);
  });
});
