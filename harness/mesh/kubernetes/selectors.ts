import { badRequest, StatusError } from './status.ts';
import type { KubernetesObject, ResourceName } from './types.ts';

export type Matcher = (object: KubernetesObject) => boolean;

/** What of an object a field selector may name, by resource. */
const FIELDS: Record<ResourceName, Record<string, (object: KubernetesObject) => unknown>> = {
  pods: {
    'metadata.name': (o) => o.metadata.name,
    'metadata.namespace': (o) => o.metadata.namespace,
    'spec.nodeName': (o) => at(o.spec, 'nodeName'),
    'spec.restartPolicy': (o) => at(o.spec, 'restartPolicy'),
    'spec.serviceAccountName': (o) => at(o.spec, 'serviceAccountName'),
    'status.phase': (o) => at(o.status, 'phase'),
    'status.podIP': (o) => at(o.status, 'podIP'),
  },
  nodes: { 'metadata.name': (o) => o.metadata.name },
  namespaces: { 'metadata.name': (o) => o.metadata.name, 'status.phase': (o) => at(o.status, 'phase') },
  services: {
    'metadata.name': (o) => o.metadata.name,
    'metadata.namespace': (o) => o.metadata.namespace,
    'spec.clusterIP': (o) => at(o.spec, 'clusterIP'),
    'spec.type': (o) => at(o.spec, 'type'),
  },
};

function at(object: unknown, key: string): unknown {
  return (object as Record<string, unknown> | undefined)?.[key];
}

/**
 * `metadata.name=web,status.phase!=Running`; a backslash takes `,`, `=` and itself literally.
 * @throws StatusError 400 as the API server words it
 */
export function fieldMatcher(resource: ResourceName, selector: string): Matcher {
  const terms = splitTerms(selector).map((term) => parseFieldTerm(term, selector));
  const fields = FIELDS[resource];
  for (const term of terms) {
    if (Object.hasOwn(fields, term.key)) continue;
    throw new StatusError(
      badRequest(
        `Unable to find "/v1, Resource=${resource}" that match label selector "", field selector "${selector}": field label not supported: ${term.key}`,
      ),
    );
  }
  return (object) =>
    terms.every((term) => (String(fields[term.key]!(object) ?? '') === term.value) === (term.op === '='));
}

/** Makes `value` safe as the value of a field selector. */
export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, (c) => `\\${c}`);
}

function splitTerms(selector: string): string[] {
  const terms: string[] = [];
  let term = '';
  for (let i = 0; i < selector.length; i++) {
    const c = selector[i]!;
    if (c === '\\') term += c + (selector[++i] ?? '');
    else if (c === ',') {
      terms.push(term);
      term = '';
    } else term += c;
  }
  return [...terms, term].filter((t) => t !== '');
}

function parseFieldTerm(term: string, selector: string): { key: string; op: '=' | '!='; value: string } {
  for (let i = 0; i < term.length; i++) {
    if (term[i] === '\\') i++;
    else if (term[i] === '!' && term[i + 1] === '=')
      return { key: term.slice(0, i), op: '!=', value: unescapeFieldValue(term.slice(i + 2), selector) };
    else if (term[i] === '=') {
      const width = term[i + 1] === '=' ? 2 : 1;
      return { key: term.slice(0, i), op: '=', value: unescapeFieldValue(term.slice(i + width), selector) };
    }
  }
  throw new StatusError(badRequest(`invalid selector: '${selector}'; can't understand '${term}'`));
}

function unescapeFieldValue(value: string, selector: string): string {
  let out = '';
  for (let i = 0; i < value.length; i++) {
    const c = value[i]!;
    if (c === '=' || c === ',')
      throw new StatusError(badRequest(`invalid field selector: unescaped '${c}' in '${selector}'`));
    if (c !== '\\') out += c;
    else {
      const next = value[++i];
      if (next !== '\\' && next !== ',' && next !== '=')
        throw new StatusError(badRequest(`invalid field selector: invalid escape sequence: \\${next ?? ''}`));
      out += next;
    }
  }
  return out;
}

const LABEL_KEY = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?)?$/;

/**
 * `app=web,tier!=db,env in (a,b),env notin (c),app,!old`. As in Kubernetes, `!=` and `notin` also match objects without the label.
 * @throws StatusError 400
 */
export function labelMatcher(selector: string): Matcher {
  const matchers = splitLabelTerms(selector).map((term) => parseLabelTerm(term, selector));
  return (object) => matchers.every((matches) => matches(object.metadata.labels ?? {}));
}

function splitLabelTerms(selector: string): string[] {
  return selector
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term, _, all) => term !== '' || all.length > 1);
}

function parseLabelTerm(term: string, selector: string): (labels: Record<string, string>) => boolean {
  const bad = () =>
    new StatusError(badRequest(`unable to parse requirement: can't understand '${term}' in '${selector}'`));
  const key = (text: string) => {
    if (!LABEL_KEY.test(text)) throw bad();
    return text;
  };
  const value = (text: string) => {
    if (!LABEL_VALUE.test(text)) throw bad();
    return text;
  };
  const has = (labels: Record<string, string>, k: string) => Object.hasOwn(labels, k);

  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(term);
  if (set) {
    const k = key(set[1]!);
    const values = set[3]!.split(',').map((v) => value(v.trim()));
    return set[2] === 'in'
      ? (labels) => has(labels, k) && values.includes(labels[k]!)
      : (labels) => !has(labels, k) || !values.includes(labels[k]!);
  }
  const compare = /^([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)$/.exec(term);
  if (compare) {
    const k = key(compare[1]!);
    const v = value(compare[3]!);
    return compare[2] === '!='
      ? (labels) => !has(labels, k) || labels[k] !== v
      : (labels) => has(labels, k) && labels[k] === v;
  }
  const absent = /^!\s*(\S+)$/.exec(term);
  if (absent) {
    const k = key(absent[1]!);
    return (labels) => !has(labels, k);
  }
  const k = key(term);
  return (labels) => has(labels, k);
}
