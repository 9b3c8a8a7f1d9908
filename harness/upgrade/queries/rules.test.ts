import { describe, expect, it } from 'vitest';
import { Found } from './found.ts';
import { readRuleFile } from './rules.ts';

function read(text: string, options: { path?: string; named?: boolean } = {}): Found {
  const found = new Found();
  readRuleFile({ path: options.path ?? 'r.yaml', text, named: options.named ?? true }, found);
  return found;
}

const summary = ({ queries, problems }: Found) => ({
  queries: queries.map(({ place, kind, expr, records, labels }) => [place, kind, expr, records, labels]),
  problems: problems.map(({ place, code, message, whole }) => [place, code, message, whole]),
});

const RULES = `groups:
  - name: g
    interval: 30s
    limit: 10
    query_offset: 1m
    partial_response_strategy: abort
    labels: { team: a }
    rules:
      - alert: Down
        expr: up == 0
        for: 5m
        keep_firing_for: 1m
        annotations: { summary: "{{ $labels.instance }} is down" }
      - record: job:up:sum
        labels: { level: job }
        expr: |
          sum by (job) (up)
`;

describe('rule files', () => {
  it('are read with the line of each rule, whatever else is in them', () => {
    expect(summary(read(RULES))).toEqual({
      queries: [
        ['r.yaml:9 (group g, alert Down)', 'alert', 'up == 0', '', {}],
        [
          'r.yaml:14 (group g, record job:up:sum)',
          'recording',
          'sum by (job) (up)',
          'job:up:sum',
          { team: 'a', level: 'job' },
        ],
      ],
      problems: [],
    });
  });

  it.each([
    ['- 3', 'a rule is no mapping', 4],
    ['- { expr: up }', 'a rule has neither `alert` nor `record`', 4],
    ['- { alert: A, record: b, expr: up }', 'rule A has both `alert` and `record`', 4],
    ['- { alert: A }', 'rule A has no `expr`', 4],
    ['- { alert: A, exp: up }', 'rule A has no `expr`', 4],
    ["- { alert: A, expr: ' ' }", 'rule A has no `expr`', 4],
    ['- { record: "a{b}", expr: up }', 'a{b} is no name for a series', 4],
    ['- { record: a:b, expr: up, for: 5m }', 'recording rule a:b has `for`, which alerts alone have', 4],
  ])('say what is wrong with %s and go on', (rule, message, line) => {
    const found = read(`groups:\n  - name: g\n    rules:\n      ${rule}\n      - { alert: Good, expr: up }\n`);
    const [problem] = found.problems;
    expect(problem).toMatchObject({
      place: `r.yaml:${line}`,
      code: 'RULE_BAD',
      message: `group g: ${message}`,
      whole: false,
    });
    expect(found.queries.at(-1)!.place).toContain('alert Good');
  });

  it('say where a whole group is wrong', () => {
    const text =
      'groups:\n  - name: a\n    rules: []\n  - name: a\n    rules: [{ alert: X, expr: up }]\n  - rules: 3\n  - 4\n';
    expect(summary(read(text)).problems).toEqual([
      ['r.yaml:4', 'RULE_BAD', 'group a is there twice', false],
      ['r.yaml:6', 'RULE_BAD', 'a group has no name', false],
      ['r.yaml:6', 'RULE_BAD', 'the rules of group  are no list', false],
      ['r.yaml:7', 'RULE_BAD', 'a group is no mapping', false],
    ]);
    expect(read(text).queries).toHaveLength(1);
    expect(summary(read('groups: 3')).problems).toEqual([['r.yaml:1', 'RULE_BAD', '`groups` is no list', true]]);
  });

  it('keep an expression that does not parse, and say so', () => {
    const found = read('groups:\n  - name: g\n    rules:\n      - { alert: A, expr: "sum(rate(x[5m])" }\n');
    expect(found.queries).toHaveLength(1);
    expect(found.problems).toMatchObject([
      {
        place: 'r.yaml:4 (group g, alert A)',
        code: 'PROMQL_SYNTAX',
        message: 'the expression does not parse: column 16 of the query: it ends too early',
        hint: 'close what is open: )',
        whole: false,
      },
    ]);
  });

  it('do not record what is scraped', () => {
    const found = read('groups:\n  - name: g\n    rules:\n      - { record: request_total, expr: sum(x) }\n');
    expect(found.queries).toMatchObject([{ kind: 'recording', records: '' }]);
    expect(found.problems).toMatchObject([{ code: 'RULE_SHADOWS_METRIC' }]);
  });

  it('that are not there as YAML are one problem, and other documents stay', () => {
    const found = read(`${RULES}---\na: [\n---\n${RULES.replace('name: g', 'name: h')}`);
    expect(found.queries).toHaveLength(4);
    expect(found.problems).toMatchObject([
      { code: 'YAML_SYNTAX', whole: true, place: expect.stringMatching(/^r\.yaml:2\d$/) },
    ]);
  });

  it('that are templates of a chart say what to do', () => {
    const found = read('{{- if .Values.alerts }}\ngroups:\n  - name: {{ .Release.Name }}\n{{- end }}\n');
    expect(found.problems).toMatchObject([
      { code: 'TEMPLATE_NOT_RENDERED', hint: 'render the chart (`helm template`) and give what comes out' },
    ]);
    const inside = read('groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: up > {{ .Values.limit }}\n');
    expect(inside.problems).toMatchObject([{ code: 'TEMPLATE_NOT_RENDERED', place: 'r.yaml:4 (group g, alert A)' }]);
  });

  it('that are something else are a problem only when they were named', () => {
    expect(summary(read('a: 1')).problems).toEqual([
      [
        'r.yaml:1',
        'NOT_RULES',
        'it is neither a rule file of Prometheus nor a PrometheusRule: it has no `groups`',
        true,
      ],
    ]);
    expect(summary(read('- 1')).problems).toMatchObject([['r.yaml:1', 'NOT_RULES', expect.anything(), true]]);
    expect(summary(read('kind: Deployment')).problems[0]![2]).toContain('it is a Deployment');
    expect(summary(read('kind: Deployment', { named: false })).problems).toEqual([]);
    expect(summary(read('kind: PrometheusServiceLevel', { named: false })).problems).toMatchObject([
      ['r.yaml:1', 'NOT_RULES', 'these are service levels of Sloth, not rules', true],
    ]);
    expect(summary(read('')).problems).toEqual([['r.yaml', 'NO_RULES', 'there is no rule in it', true]]);
    expect(summary(read('groups: []')).problems).toMatchObject([['r.yaml', 'NO_RULES', expect.anything(), true]]);
  });
});

describe('manifests', () => {
  const object = (name: string) => `apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: { name: ${name} }
spec:
  groups:
    - name: ${name}
      rules: [{ alert: A, expr: up }]
`;

  it('of PrometheusRule are read, many in a file or in a list', () => {
    const list = `kind: List\nitems:\n${object('c').replace(/^/gm, '    ').replace('    apiV', '  - apiV').trimEnd()}\n`;
    const found = read([object('a'), object('b'), list].join('---\n'));
    expect(found.problems).toEqual([]);
    expect(found.queries.map(({ place }) => place)).toEqual([
      'r.yaml:7 (group a, alert A)',
      'r.yaml:15 (group b, alert A)',
      'r.yaml:25 (group c, alert A)',
    ]);
  });

  it('of ConfigMaps carry rule files and dashboards', () => {
    const found = read(`kind: ConfigMap
data:
  notes: hello
  linkerd.rules.yaml: |
    groups: [{ name: g, rules: [{ alert: A, expr: up }] }]
  dash.json: |
    { "title": "D", "panels": [{ "title": "P", "targets": [{ "expr": "up", "refId": "A" }] }] }
`);
    expect(found.problems).toEqual([]);
    expect(found.queries.map(({ place, kind }) => [place, kind])).toEqual([
      ['r.yaml:4 (linkerd.rules.yaml):1 (group g, alert A)', 'alert'],
      ['r.yaml:6 (dash.json) > D > P (A)', 'panel'],
    ]);
  });
});

it('gives every query an id of its own', () => {
  const text = 'groups:\n  - name: g\n    rules: [{ alert: A, expr: up }, { alert: A, expr: up }]\n';
  const ids = read(text).queries.map(({ id }) => id);
  expect(new Set(ids).size).toBe(2);
});
