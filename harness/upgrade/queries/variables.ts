import type { Variable } from '../types.ts';
import { escapeRegex } from './resolve.ts';
import { isRecord, textOf } from './yaml.ts';

/** A variable as it could not be taken over, in words for a problem; the variable is there nevertheless. */
export interface VariableProblem {
  name: string;
  message: string;
}

const NOT_PROMETHEUS =
  /loki|tempo|elastic|influx|graphite|cloudwatch|postgres|mysql|mssql|jaeger|zipkin|testdata|opentsdb|azure|stackdriver|splunk|clickhouse|bigquery|pyroscope/i;

/** Whether a data source of a panel, a target or a variable is another thing than a Prometheus; a name that says nothing is taken for one. */
export function isOtherSource(source: unknown, inputs: ReadonlyMap<string, string>): boolean {
  if (isRecord(source)) {
    const type = textOf(source.type);
    if (type === '__expr__' || type === 'datasource' || type === 'grafana') return true;
    return type !== '' ? isOtherType(type) : isOtherSource(source.uid ?? source.name, inputs);
  }
  const name = textOf(source);
  const type = inputs.get(name.replace(/^\$\{?|\}$/g, ''));
  return type !== undefined
    ? isOtherType(type)
    : /^-- (?:Grafana|Dashboard) --$|^__expr__$/.test(name) || NOT_PROMETHEUS.test(name);
}

function isOtherType(type: string): boolean {
  return !/prometheus|mimir|victoriametrics|thanos|cortex|^mixed$|^\$/i.test(type);
}

/** The variables of a dashboard, by name (`templating.list` of its JSON). */
export function variablesOf(
  list: unknown,
  inputs: ReadonlyMap<string, string>,
): { variables: Record<string, Variable>; problems: VariableProblem[] } {
  const variables: Record<string, Variable> = {};
  const problems: VariableProblem[] = [];
  for (const one of Array.isArray(list) ? list : []) {
    if (!isRecord(one) || textOf(one.name) === '') continue;
    const name = textOf(one.name);
    const variable = variableOf(one, inputs);
    if (!variable) continue;
    variables[name] = variable;
    if (variable.kind === 'unsupported') {
      problems.push({ name, message: `variable $${name} can't be resolved: ${variable.text}` });
    }
  }
  return { variables, problems };
}

function variableOf(one: Record<string, unknown>, inputs: ReadonlyMap<string, string>): Variable | null {
  const { type } = one;
  const query = textOf(one.query);
  switch (type) {
    case 'constant':
      return { kind: 'value', value: query || textOf(currentOf(one)[0]) };
    case 'textbox':
      return { kind: 'value', value: currentOf(one)[0] ?? query };
    case 'interval': {
      const chosen = currentOf(one)[0] ?? query.split(',')[0]?.trim() ?? '';
      return { kind: 'value', value: /^\$__auto|^auto$|^$/.test(chosen) ? '$__interval' : chosen };
    }
    case 'custom':
      return customOf(one, query);
    case 'datasource':
      return { kind: 'value', value: currentOf(one)[0] ?? query };
    case 'query':
      return queryOf(one, inputs);
    // Filters that a viewer adds; no expression names them.
    case 'adhoc':
    case 'groupby':
      return null;
    default:
      return unsupported(`it is of type ${String(type)}`, one);
  }
}

function customOf(one: Record<string, unknown>, query: string): Variable {
  const listed = Array.isArray(one.options) ? one.options.filter(isRecord) : [];
  const given = query.split(/(?<!\\),/).map((part) => part.trim().replace(/\\,/g, ','));
  // `label : value`
  const written = given.map((part) => /^.+?\s:\s(.+)$/.exec(part)?.[1] ?? part).filter((part) => part !== '');
  const options =
    written.length > 0 ? written : listed.map((option) => textOf(option.value)).filter((v) => v !== '$__all');
  const current = currentOf(one);
  if (isAll(one)) return { kind: 'value', value: textOf(one.allValue) || alternation(options) };
  return { kind: 'value', value: current.length > 0 ? alternation(current) : (options[0] ?? '') };
}

function alternation(values: readonly string[]): string {
  // In an expression it stands within quotes.
  return values.length === 1 ? values[0]! : `(${values.map((v) => escapeRegex(v).replaceAll('\\', '\\\\')).join('|')})`;
}

function queryOf(one: Record<string, unknown>, inputs: ReadonlyMap<string, string>): Variable {
  const text = (isRecord(one.query) ? textOf(one.query.query) : textOf(one.query)) || textOf(one.definition);
  if (isOtherSource(one.datasource, inputs)) return unsupported('its data source is no Prometheus', one);
  const call = /^\s*label_values\s*\(([\s\S]*)\)\s*$/.exec(text);
  if (!call) return unsupported(text.trim() === '' ? 'it has no query' : text.trim(), one);
  const split = /^([\s\S]*),\s*"?([a-zA-Z_]\w*)"?\s*$/.exec(call[1]!);
  const [selector, label] = split ? [split[1]!.trim(), split[2]!] : ['', call[1]!.trim()];
  if (!/^[a-zA-Z_]\w*$/.test(label)) return unsupported(text.trim(), one);
  const all = isAll(one);
  if (all && textOf(one.allValue) !== '') return { kind: 'value', value: textOf(one.allValue) };
  const many = one.multi === true || one.includeAll === true;
  const current = all ? [] : currentOf(one);
  return {
    kind: 'label-values',
    selector,
    label,
    regex: textOf(one.regex),
    pick: many ? 'all' : 'first',
    ...(current.length > 0 && { current }),
  };
}

/** Another kind of variable: what it was saved with has to do, where there is such a thing. */
function unsupported(text: string, one: Record<string, unknown>): Variable {
  const current = currentOf(one);
  if (isAll(one) && textOf(one.allValue) !== '') return { kind: 'value', value: textOf(one.allValue) };
  if (!isAll(one) && current.length > 0) return { kind: 'value', value: alternation(current) };
  return { kind: 'unsupported', text };
}

/** What is chosen, without `All`. */
function currentOf({ current }: Record<string, unknown>): string[] {
  const value = isRecord(current) ? current.value : undefined;
  const values = Array.isArray(value) ? value : [value];
  return values.filter((one): one is string => typeof one === 'string' && one !== '' && one !== '$__all');
}

function isAll({ current, includeAll }: Record<string, unknown>): boolean {
  const value = isRecord(current) ? current.value : undefined;
  if (value === '$__all' || (Array.isArray(value) && value.includes('$__all'))) return true;
  return includeAll === true && (value === undefined || value === '' || (Array.isArray(value) && value.length === 0));
}
