// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of dashboards look like that
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readDashboardFile } from './dashboards.ts';
import { Found } from './found.ts';

function read(content: unknown, path = 'd.json', named = true): Found {
  const found = new Found();
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  readDashboardFile({ path, text, named }, found);
  return found;
}

const places = (found: Found) => found.queries.map(({ place, expr }) => `${place}: ${expr}`);
const panel = (title: string, ...exprs: string[]) => ({
  title,
  targets: exprs.map((expr, i) => ({ expr, refId: 'ABC'[i] })),
});
const dashboard = (panels: unknown[], over: object = {}) => ({ title: 'D', panels, ...over });

describe('dashboards', () => {
  it('have queries in panels, rows and rows of old', () => {
    const found = read({
      ...dashboard([
        panel('One', 'up', 'up > 1'),
        { type: 'row', title: 'Row', panels: [panel('Two', 'sum(up)')] },
        { id: 7, targets: [{ expr: ' up == 0 ' }] },
        { title: 'Text', type: 'text' },
      ]),
      rows: [{ panels: [panel('Three', 'count(up)')] }],
      annotations: { list: [{ name: 'Restarts', expr: 'changes(x[1m]) > 0' }, { name: 'Built in' }] },
    });
    expect(found.problems).toEqual([]);
    expect(places(found)).toEqual([
      'd.json > D > One (A): up',
      'd.json > D > One (B): up > 1',
      'd.json > D > Two (A): sum(up)',
      'd.json > D > panel 7: up == 0',
      'd.json > D > Three (A): count(up)',
      'd.json > D > annotation Restarts: changes(x[1m]) > 0',
    ]);
  });

  it('come in the envelope of the API, and in objects', () => {
    const plain = dashboard([panel('P', 'up')]);
    expect(places(read({ meta: {}, dashboard: plain }))).toEqual(['d.json > D > P (A): up']);
    const map = { kind: 'ConfigMap', data: { 'a.json': JSON.stringify(plain), readme: 'x' } };
    const operator = { kind: 'GrafanaDashboard', metadata: { name: 'g' }, spec: { json: JSON.stringify(plain) } };
    const text = `${JSON.stringify(map)}\n---\n${JSON.stringify(operator)}\n`;
    expect(places(read(text, 'd.yaml'))).toEqual(['d.yaml:1 (a.json) > D > P (A): up', 'd.yaml:3 (g) > D > P (A): up']);
  });

  it('leave out what is hidden, what is not enabled, and what is asked of something else', () => {
    const of = (datasource: unknown, expr: string) => ({ datasource, expr });
    const found = read(
      dashboard(
        [
          { title: 'P', targets: [{ expr: 'a', hide: true }, { expr: '' }, { rawSql: 'select 1' }] },
          { title: 'Q', datasource: { type: 'loki' }, targets: [{ expr: 'b' }] },
          { title: 'R', datasource: '${DS_LOGS}', targets: [{ expr: 'c' }] },
          {
            title: 'S',
            datasource: { type: 'datasource', uid: '-- Mixed --' },
            targets: [of({ type: 'prometheus' }, 'd')],
          },
          { title: 'T', datasource: '-- Mixed --', targets: [of('Elasticsearch', 'e'), of('${DS_METRICS}', 'f')] },
          {
            title: 'U',
            targets: [of({ uid: '$datasource' }, 'g'), of('__expr__', 'h'), of({ type: '__expr__' }, 'i')],
          },
        ],
        {
          __inputs: [
            { name: 'DS_LOGS', pluginId: 'loki' },
            { name: 'DS_METRICS', pluginId: 'prometheus' },
          ],
        },
      ),
    );
    expect(found.queries.map(({ expr }) => expr)).toEqual(['d', 'f', 'g']);
    expect(found.problems).toEqual([]);
  });

  it('have library panels, which may be missing', () => {
    const library = (uid: string) => ({ title: `Panel ${uid}`, libraryPanel: { uid, name: `Library ${uid}` } });
    const found = read(
      dashboard([library('a'), library('b')], { __elements: { a: { uid: 'a', model: panel('A', 'up') } } }),
    );
    expect(places(found)).toEqual(['d.json > D > A (A): up']);
    expect(found.problems).toMatchObject([
      {
        place: 'd.json > D > Panel b',
        code: 'LIBRARY_PANEL',
        message: 'panel Panel b is the library panel Library b, which is not in the file',
        whole: false,
      },
    ]);
  });

  it('of the newer schema have elements', () => {
    const query = (group: string, expr: string, hidden = false) => ({
      kind: 'PanelQuery',
      spec: { refId: 'A', hidden, query: { kind: 'DataQuery', group, spec: { expr } } },
    });
    const element = (title: string, ...queries: unknown[]) => ({
      kind: 'Panel',
      spec: { title, data: { kind: 'QueryGroup', spec: { queries } } },
    });
    const spec = {
      title: 'New',
      variables: [
        {
          kind: 'QueryVariable',
          spec: { name: 'ns', query: { kind: 'DataQuery', spec: { query: 'label_values(up, namespace)' } } },
        },
        { kind: 'ConstantVariable', spec: { name: 'c', query: '5' } },
      ],
      elements: {
        one: element('P', query('prometheus', 'up{ns="$ns"} > $c'), query('loki', 'x'), query('prometheus', 'y', true)),
        two: { kind: 'LibraryPanel', spec: { title: 'L' } },
      },
    };
    const found = read({ apiVersion: 'dashboard.grafana.app/v2beta1', kind: 'Dashboard', spec });
    expect(places(found)).toEqual(['d.json > New > P (A): up{ns="$ns"} > $c']);
    expect(found.queries[0]!.variables).toMatchObject({
      ns: { kind: 'label-values', selector: 'up', label: 'namespace' },
      c: { kind: 'value', value: '5' },
    });
    expect(found.problems).toMatchObject([{ code: 'LIBRARY_PANEL' }]);
  });

  it('that are none say so', () => {
    expect(read('{"title": "D",\n"panels": [}').problems).toMatchObject([
      { place: expect.stringMatching(/^d\.json(:2)?$/), code: 'JSON_SYNTAX', whole: true },
    ]);
    expect(read('').problems).toMatchObject([{ code: 'JSON_SYNTAX' }]);
    expect(read([1]).problems).toMatchObject([
      { code: 'NOT_A_DASHBOARD', message: expect.stringContaining('no object') },
    ]);
    expect(read({ a: 1 }).problems).toMatchObject([{ code: 'NOT_A_DASHBOARD' }]);
    expect(read({ a: 1 }, 'd.json', false).problems).toEqual([]);
    expect(read('a: 1', 'd.yaml').problems).toMatchObject([{ code: 'NOT_A_DASHBOARD', whole: true }]);
    expect(read('a: [', 'd.yaml').problems).toMatchObject([{ code: 'YAML_SYNTAX', whole: true }]);
  });

  it('with an expression that does not parse keep the others', () => {
    const found = read(dashboard([panel('P', 'sum(', 'up'), panel('Q', 'rate(x[$nowhere])')]));
    expect(found.queries).toHaveLength(3);
    expect(found.problems).toMatchObject([
      { place: 'd.json > D > P (A)', code: 'PROMQL_SYNTAX' },
      { place: 'd.json > D > Q (A)', message: expect.stringContaining('$nowhere is a variable of a dashboard') },
    ]);
  });
});

describe('variables', () => {
  const variable = (over: object, expr = 'up{a="$v"}') => {
    const found = read(dashboard([panel('P', expr)], { templating: { list: [{ name: 'v', ...over }] } }));
    return { is: found.queries[0]!.variables.v, problems: found.problems };
  };

  it.each([
    [
      { type: 'constant', query: 'x' },
      { kind: 'value', value: 'x' },
    ],
    [
      { type: 'textbox', query: 'x', current: { value: 'y' } },
      { kind: 'value', value: 'y' },
    ],
    [
      { type: 'textbox', query: 'x' },
      { kind: 'value', value: 'x' },
    ],
    [
      { type: 'interval', query: '1m,5m', current: { value: '5m' } },
      { kind: 'value', value: '5m' },
    ],
    [
      { type: 'interval', query: '1m,5m' },
      { kind: 'value', value: '1m' },
    ],
    [
      { type: 'interval', query: '1m', current: { value: '$__auto_interval_v' } },
      { kind: 'value', value: '$__interval' },
    ],
    [
      { type: 'datasource', query: 'prometheus' },
      { kind: 'value', value: 'prometheus' },
    ],
    [
      { type: 'custom', query: 'a,b', current: { value: 'b' } },
      { kind: 'value', value: 'b' },
    ],
    [
      { type: 'custom', query: 'a,b' },
      { kind: 'value', value: 'a' },
    ],
    [
      { type: 'custom', query: 'One : 1,Two : 2' },
      { kind: 'value', value: '1' },
    ],
    [
      { type: 'custom', query: 'a,b', multi: true, current: { value: ['a', 'b'] } },
      { kind: 'value', value: '(a|b)' },
    ],
    [
      { type: 'custom', query: 'a,b', includeAll: true, current: { value: '$__all' } },
      { kind: 'value', value: '(a|b)' },
    ],
    [
      { type: 'custom', query: 'a,b', allValue: '.+', current: { value: ['$__all'] } },
      { kind: 'value', value: '.+' },
    ],
    [
      { type: 'query', query: 'label_values(up{job="x"}, pod)', regex: '/a.*/' },
      { kind: 'label-values', selector: 'up{job="x"}', label: 'pod', regex: '/a.*/', pick: 'first' },
    ],
    [
      { type: 'query', query: { query: 'label_values(pod)', refId: 'x' }, multi: true, current: { value: ['a'] } },
      { kind: 'label-values', selector: '', label: 'pod', regex: '', pick: 'all', current: ['a'] },
    ],
    [
      { type: 'query', definition: 'label_values(up, pod)', includeAll: true, current: { value: ['$__all'] } },
      { kind: 'label-values', selector: 'up', label: 'pod', regex: '', pick: 'all' },
    ],
    [
      { type: 'query', query: 'label_values(up, pod)', includeAll: true, allValue: '.*', current: { value: '$__all' } },
      { kind: 'value', value: '.*' },
    ],
    [
      { type: 'query', query: 'query_result(up)', current: { value: 'x' } },
      { kind: 'value', value: 'x' },
    ],
  ])('%j', (over, expected) => {
    const { is, problems } = variable(over);
    expect(is).toEqual(expected);
    expect(problems).toEqual([]);
  });

  it.each([
    [{ type: 'query', query: 'query_result(up)' }, 'query_result(up)'],
    [{ type: 'query', query: 'metrics(up.*)' }, 'metrics(up.*)'],
    [{ type: 'query', query: '' }, 'it has no query'],
    [{ type: 'query', query: 'label_values(up, a)', datasource: { type: 'loki' } }, 'its data source is no Prometheus'],
    [{ type: 'switch', query: '' }, 'it is of type switch'],
  ])('%j is not supported, and a problem where an expression names it', (over, text) => {
    const { is, problems } = variable(over);
    expect(is).toEqual({ kind: 'unsupported', text });
    expect(problems).toMatchObject([
      { place: 'd.json > D', code: 'VARIABLE_UNSUPPORTED', message: `variable $v can't be resolved: ${text}` },
    ]);
    expect(variable(over, 'up').problems).toEqual([]);
  });

  it('that a viewer adds are none', () => {
    expect(variable({ type: 'adhoc' }, 'up').is).toBeUndefined();
  });
});

it("reads Linkerd's own panels", () => {
  const path = new URL('../testdata/linkerd-dashboard.json', import.meta.url);
  const found = read(readFileSync(path, 'utf8'));
  expect(found.problems).toEqual([]);
  expect(found.queries).toHaveLength(18);
  expect(found.queries.some(({ expr }) => expr.includes('hidden') || expr.includes('|='))).toBe(false);
});
