import type { z } from 'zod';
import { type Path, type Problem, printPath, shorten } from './error.ts';
import { KNOWN_FIELDS } from './fields.ts';
import { didYouMean, suggest } from './suggest.ts';

type Issue = z.core.$ZodIssue;

/** What the schema has against a file, in words for the people who write scenarios. */
export function explain(issues: readonly Issue[], root: unknown): Problem[] {
  const flat = issues.flatMap((issue) => flatten(issue, []));
  const misspelt = new Set<string>();
  for (const { issue, path } of flat) {
    if (issue.code !== 'unrecognized_keys') continue;
    for (const key of issue.keys) {
      const meant = suggest(key, knownFields(issue));
      if (meant) misspelt.add(JSON.stringify([...path, meant]));
    }
  }
  return flat.flatMap(({ issue, path }) => {
    // A misspelt field is also missing; one problem is enough.
    if (lookUp(root, path) === undefined && misspelt.has(JSON.stringify(path))) return [];
    return inWords(issue, path, root);
  });
}

/** Replaces each union by the branch that was probably meant. */
function flatten(issue: Issue, parent: Path): { issue: Issue; path: Path }[] {
  const path = [...parent, ...(issue.path as (string | number)[])];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branches = issue.errors.filter((branch) => !branch.some(isOfAnotherType));
    const meant = (branches.length > 0 ? branches : issue.errors).toSorted((a, b) => distance(a) - distance(b))[0]!;
    return meant.flatMap((inner) => flatten(inner, path));
  }
  return [{ issue, path }];
}

function isOfAnotherType(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

function distance(branch: readonly Issue[]): number {
  return branch.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
}

function inWords(issue: Issue, path: Path, root: unknown): Problem[] {
  const [message, hint] = splitMessage(issue);
  const place = path.length > 0 ? `${printPath(path)}: ` : '';
  const value = lookUp(root, path);
  const problem = (text: string, advice: string): Problem[] => [{ path, message: place + text, hint: advice }];

  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `${place}unknown field \`${shorten(key)}\``,
      hint: didYouMean(key, knownFields(issue)),
      atKey: true,
    }));
  }
  if (value === undefined) {
    const where = path.length > 1 ? `${printPath(path.slice(0, -1))}: ` : '';
    return [{ path, message: `${where}\`${String(path.at(-1))}\` is missing`, hint: missingHint(issue, path) }];
  }
  if (value === null) {
    const name = path.findLast((part) => typeof part === 'string');
    return problem(
      'there is no value',
      name ? `write a value, or remove \`${shorten(name)}\`` : typeHint('', value, path),
    );
  }
  if (hint) return problem(message, hint);

  switch (issue.code) {
    case 'invalid_type':
      return problem(`${show(value)} is not ${kindOf(issue.expected)}`, typeHint(issue.expected, value, path));
    case 'invalid_value': {
      const values = issue.values.map(String);
      if (typeof value === 'object') return problem(`${show(value)} is not ${kindOf('string')}`, oneOf(values));
      return problem(
        `${show(value)} is not known here`,
        suggest(String(value), values) ? didYouMean(String(value), values) : oneOf(values),
      );
    }
    case 'invalid_union': {
      const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
      const hint = typeof value === 'object' ? oneOf(options) : didYouMean(String(value), options);
      return problem(`${show(value)} is not known here`, hint);
    }
    case 'too_small':
      if (issue.origin === 'array') return problem('the list is empty', `write at least ${issue.minimum}`);
      if (issue.origin === 'string') return problem('the text is empty', 'write something, or remove the field');
      return problem(`${show(value)} is too small`, `at least ${issue.minimum}`);
    case 'too_big': {
      const unit = { array: ' entries', string: ' characters' }[issue.origin as string] ?? '';
      return problem(unit ? 'this is too long' : `${show(value)} is too big`, `at most ${issue.maximum}${unit}`);
    }
    case 'invalid_key':
      return [
        {
          path,
          message: place + splitMessage(issue.issues[0]!)[0],
          hint: splitMessage(issue.issues[0]!)[1],
          atKey: true,
        },
      ];
    default:
      return problem(message, hint);
  }
}

function splitMessage(issue: { message: string }): [message: string, hint: string] {
  const [message = '', hint = ''] = issue.message.split('\n');
  return [message, hint];
}

function knownFields(issue: Issue): string[] {
  return issue.message.startsWith(KNOWN_FIELDS) ? issue.message.slice(KNOWN_FIELDS.length).split(',') : [];
}

const EXAMPLES: Record<string, string> = {
  at: 'at: 2s',
  service: 'service: cart',
  apiVersion: 'apiVersion: meshproof/v1',
  kind: 'kind: Scenario',
  metadata: 'metadata: { name: my-scenario }',
  services: 'services: [{ name: web }]',
  traffic: 'traffic: [{ executor: constant-arrival-rate, target: web, rate: 50/s, duration: 10s }]',
  duration: 'duration: 10s',
};

function missingHint(issue: Issue, path: Path): string {
  const name = String(path.at(-1));
  if (name === 'rate') return path.includes('errors') ? 'add `rate: 2%`' : 'add `rate: 50/s`';
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) {
    const shown = issue.options.slice(0, 20).join(', ');
    return `add \`${name}:\` with one of ${shown}${issue.options.length > 20 ? ', …' : ''}`;
  }
  return EXAMPLES[name] ? `add \`${EXAMPLES[name]}\`` : `add \`${name}:\``;
}

function oneOf(values: string[]): string {
  return values.length === 1 ? `write \`${values[0]}\`` : `write one of ${values.join(', ')}`;
}

function typeHint(expected: string, value: unknown, path: Path): string {
  if (path.length === 0) return 'begin with `apiVersion: meshproof/v1`; docs/scenarios.md has examples';
  if (path.at(-1) === 'version') return 'put it in quotes: version: "2.20"; without, 2.20 is the number 2.2';
  if (expected === 'array') return 'write a list: [ ... ], or lines that begin with `- `';
  if (expected === 'string' && typeof value !== 'object') return `put it in quotes: "${shorten(String(value))}"`;
  if (expected === 'object' || expected === 'record') return 'write fields: { name: value, ... }';
  if (expected === 'int') return 'write a whole number';
  return `write ${kindOf(expected)}`;
}

function kindOf(expected: string): string {
  const kinds: Record<string, string> = {
    array: 'a list',
    object: 'a group of fields',
    record: 'a group of fields',
    string: 'text',
    int: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
  };
  return kinds[expected] ?? expected;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a group of fields';
  return `\`${shorten(String(value))}\``;
}

/** The value at a path; undefined when there is none. */
export function lookUp(root: unknown, path: Path): unknown {
  let value: unknown = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}
