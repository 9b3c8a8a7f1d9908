import { describe, expect, it } from 'vitest';
import { refusedRules, rulesRefused } from './rule-file.ts';

const LOG_2 = String.raw`ts=2026-08-01T10:00:00.267Z caller=main.go:1192 level=info msg="Loading configuration file" filename=p.yml
ts=2026-08-01T10:00:00.268Z caller=manager.go:1015 level=error component="rule manager" msg="loading groups failed" err="/results/config/scenario_rules.yml: 7:11: group \"a\", rule 2, \"bad\": could not parse expression: 1:7: parse error: unclosed left parenthesis"
ts=2026-08-01T10:00:00.268Z caller=manager.go:1015 level=error component="rule manager" msg="loading groups failed" err="/results/config/scenario_rules.yml: 10:13: group \"b\", rule 1, \"bad name\": invalid recording rule name: bad name"
ts=2026-08-01T10:00:00.268Z caller=main.go:1218 level=error msg="Failed to apply configuration" err="error loading rules, previous rule set restored"
ts=2026-08-01T10:00:00.273Z caller=main.go:1127 level=error err="error loading config from \"p.yml\": one or more errors occurred while applying the new configuration"
`;
const LOG_3 = String.raw`time=2026-08-01T10:00:00.507Z level=ERROR source=main.go:788 msg="Error loading rule file patterns from config (--config.file=\"p.yml\")" file=/results/config/p.yml err="parse rules from file \"/results/config/scenario_rules.yml\" (pattern: \"scenario_rules.yml\"): /results/config/scenario_rules.yml: yaml: unmarshal errors:\n  line 1: field groupz not found in type rulefmt.RuleGroups"
`;

describe('refusedRules', () => {
  it('reads what Prometheus 2 says of each group', () => {
    expect(refusedRules(LOG_2)).toEqual([
      'scenario_rules.yml: 7:11: group "a", rule 2, "bad": could not parse expression: 1:7: parse error: unclosed left parenthesis',
      'scenario_rules.yml: 10:13: group "b", rule 1, "bad name": invalid recording rule name: bad name',
    ]);
  });

  it('reads what Prometheus 3 says of the file', () => {
    expect(refusedRules(LOG_3)).toEqual([
      'scenario_rules.yml: yaml: unmarshal errors:\n  line 1: field groupz not found in type rulefmt.RuleGroups',
    ]);
  });

  it('takes nothing else for it', () => {
    const other = LOG_2.split('\n')
      .filter((line) => !line.includes('loading groups'))
      .join('\n');
    expect(refusedRules(other)).toEqual([]);
    expect(rulesRefused(other, '')).toBeNull();
  });
});

it('says it as an error of the input', () => {
  expect(rulesRefused(LOG_2, 'its log is x')).toMatchObject({
    code: 'RULES_REFUSED',
    exitCode: 2,
    message: expect.stringContaining('rule 2, "bad": could not parse expression'),
    hint: expect.stringContaining('its log is x'),
  });
});
