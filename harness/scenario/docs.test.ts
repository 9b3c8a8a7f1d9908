import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { faultTable } from './fault-table.ts';
import { parseScenario } from './load.ts';

const text = await readFile(new URL('../../docs/scenarios.md', import.meta.url), 'utf8');
const blocks = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => ({
  line: text.slice(0, match.index).split('\n').length + 1,
  yaml: match[1]!,
}));

/** What an excerpt leaves out. */
const frame = {
  apiVersion: 'meshproof/v1',
  kind: 'Scenario',
  metadata: { name: 'excerpt' },
  traffic: [{ executor: 'constant-vus', target: 'web', vus: 1, duration: '5s' }],
};

describe('the YAML in docs/scenarios.md', () => {
  it('is there', () => {
    expect(blocks.length).toBeGreaterThan(6);
    expect(text.match(/^```/gm)?.length).toBe(2 * blocks.length);
  });

  it.each(blocks)('line $line is a scenario, or fits into one', ({ yaml, line }) => {
    const whole = yaml.startsWith('apiVersion') ? yaml : stringify({ ...frame, ...parse(yaml) });
    const scenario = parseScenario(whole, `docs/scenarios.md, block of line ${line}`);
    expect(scenario.services.map((s) => s.name)).toContain('web');
  });
});

it('has every type of fault with its parameters', () => {
  // After a change: npx node -p "(await import('./harness/scenario/fault-table.ts')).faultTable()"
  expect(text).toContain(faultTable());
});
