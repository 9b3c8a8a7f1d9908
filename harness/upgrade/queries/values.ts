import type { Query, QueryAnswer, Variable } from '../types.ts';
import { type Binding, type Lookup, resolveText, variablesIn } from './resolve.ts';

type Series = QueryAnswer['series'];

/** Values of one variable in one world, for those who want to know what it was asked for. */
export interface AskedVariable {
  name: string;
  /** The query by which its values were found. */
  expr: string;
  series: Series;
  error: string;
}

export interface BoundVariables {
  lookup: Lookup;
  asked: AskedVariable[];
}

/** More values make no better comparison. */
const MAX_VALUES = 100;

/**
 * Gives the variables of a query the values that they have in a world. Of `label_values(...)`: what the dashboard was saved with,
 * where all of that is there; else everything that is there. A variable that is asked by way of another one comes after it.
 * @param ask an instant query; does not reject
 */
export async function bindVariables(
  query: Pick<Query, 'expr' | 'variables'>,
  builtIn: Lookup,
  ask: (expr: string) => Promise<{ series: Series; error: string }>,
): Promise<BoundVariables> {
  const bound = new Map<string, Binding>();
  const asked: AskedVariable[] = [];
  const lookup: Lookup = (name) => bound.get(name) ?? builtIn(name);
  const bind = async (name: string, within: readonly string[]): Promise<void> => {
    const variable = Object.hasOwn(query.variables, name) ? query.variables[name] : undefined;
    if (!variable || bound.has(name)) return;
    if (within.includes(name)) {
      bound.set(name, {
        kind: 'unknown',
        why: `its values are asked by way of itself (${[...within, name].join(', ')})`,
      });
      return;
    }
    const text = variable.kind === 'value' ? variable.value : variable.kind === 'label-values' ? variable.selector : '';
    for (const inner of variablesIn(text)) await bind(inner, [...within, name]);
    const binding = await bindingOf(name, variable);
    if (!bound.has(name)) bound.set(name, binding);
  };
  const bindingOf = async (name: string, variable: Variable): Promise<Binding> => {
    if (variable.kind === 'value') return { kind: 'text', text: variable.value };
    if (variable.kind === 'unsupported') return { kind: 'unknown', why: `${variable.text} is not supported` };
    let expr: string;
    try {
      expr = valuesQuery(resolveText(variable.selector, lookup), variable.label);
    } catch (error) {
      return { kind: 'unknown', why: error instanceof Error ? error.message : String(error) };
    }
    const { series, error } = await ask(expr);
    asked.push({ name, expr, series, error });
    if (error !== '') return { kind: 'unknown', why: error };
    const there = valuesOf(series, variable.label, variable.regex);
    const current = variable.current ?? [];
    const values = current.length > 0 && current.every((value) => there.includes(value)) ? current : there;
    return { kind: 'values', values: values.slice(0, MAX_VALUES) };
  };
  for (const name of variablesIn(query.expr)) await bind(name, []);
  return { lookup, asked };
}

function valuesQuery(selector: string, label: string): string {
  return `group by (${label}) (${selector === '' ? `{${label}!=""}` : selector})`;
}

function valuesOf(series: Series, label: string, regex: string): string[] {
  const pick = picker(regex);
  const values = series.flatMap(({ labels }) => pick(labels[label] ?? '')).filter((value) => value !== '');
  return [...new Set(values)].sort();
}

/** Grafana's `regex` of a variable: what does not match is left out; a group, or the one named `value`, is what counts. */
function picker(regex: string): (value: string) => string[] {
  if (regex === '') return (value) => [value];
  const [, pattern = regex, flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(regex) ?? [];
  let compiled: RegExp;
  try {
    compiled = new RegExp(pattern, flags.replace(/[gy]/g, ''));
  } catch {
    return (value) => [value];
  }
  return (value) => {
    const match = compiled.exec(value);
    if (!match) return [];
    return [match.groups?.value ?? match[1] ?? value];
  };
}
