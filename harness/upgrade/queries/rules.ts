import { readDashboardText } from './dashboards.ts';
import type { InputFile } from './files.ts';
import type { Found } from './found.ts';
import { isScraped } from './scraped.ts';
import { isRecord, readYaml, textOf, type YamlDocument } from './yaml.ts';

type Path = (string | number)[];

interface Manifest {
  document: YamlDocument;
  value: Record<string, unknown>;
  path: Path;
  file: InputFile;
}

const RULES_HINT = 'prometheus.io/docs/prometheus/latest/configuration/recording_rules/';
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** Rules of a file: as Prometheus reads them, or PrometheusRule objects, many of them or in a List. */
export function readRuleFile(file: InputFile, found: Found): void {
  const { documents, problems } = readYaml(file.path, file.text);
  found.problems.push(...problems);
  const before = found.queries.length + found.problems.length;
  for (const document of documents) {
    if (isRecord(document.value)) readManifest({ document, value: document.value, path: [], file }, found);
    else notRules({ document, value: {}, path: [], file }, 'it is no mapping', found);
  }
  if (!file.named || found.queries.length + found.problems.length > before || problems.length > 0) return;
  found.problem(file.path, 'NO_RULES', 'there is no rule in it', RULES_HINT, { whole: true });
}

function readManifest(manifest: Manifest, found: Found): void {
  const { document, value, path, file } = manifest;
  const { kind } = value;
  if (kind === undefined && 'groups' in value) {
    readGroups({ ...manifest, value }, (line) => `${file.path}:${line}`, found);
    return;
  }
  if (kind === 'PrometheusRule') {
    const spec = isRecord(value.spec) ? value.spec : {};
    readGroups({ ...manifest, value: spec, path: [...path, 'spec'] }, (line) => `${file.path}:${line}`, found);
    return;
  }
  if (Array.isArray(value.items) && /List$/.test(textOf(kind))) {
    value.items.forEach((item, i) => {
      if (isRecord(item)) readManifest({ ...manifest, value: item, path: [...path, 'items', i] }, found);
    });
    return;
  }
  if (kind === 'ConfigMap') {
    readConfigMap(manifest, found);
    return;
  }
  if (kind === 'PrometheusServiceLevel' || ('version' in value && Array.isArray(value.slos))) {
    const place = `${file.path}:${document.lineOf(path)}`;
    found.problem(
      place,
      'NOT_RULES',
      'these are service levels of Sloth, not rules',
      'give what `sloth generate` makes of them',
      WHOLE,
    );
    return;
  }
  // A folder may hold manifests of all kinds, tests of rules, values of charts.
  if (!file.named) return;
  notRules(manifest, kind === undefined ? 'it has no `groups`' : `it is a ${textOf(kind)}`, found);
}

const WHOLE = { whole: true };

function notRules({ document, path, file }: Manifest, what: string, found: Found): void {
  const place = `${file.path}:${document.lineOf(path)}`;
  const message = `it is neither a rule file of Prometheus nor a PrometheusRule: ${what}`;
  found.problem(place, 'NOT_RULES', message, RULES_HINT, WHOLE);
}

/** Rule files or dashboards that are mounted from a ConfigMap. */
function readConfigMap({ document, value, path, file }: Manifest, found: Found): void {
  if (!isRecord(value.data)) return;
  for (const [name, text] of Object.entries(value.data)) {
    const line = document.lineOf([...path, 'data', name]);
    const within = { path: `${file.path}:${line} (${name})`, text: textOf(text), named: false };
    if (name.endsWith('.json')) readDashboardText(within, found);
    else if (/\.(?:ya?ml|rules)$/.test(name) && /^\s*groups:/m.test(within.text)) readRuleFile(within, found);
  }
}

interface GroupsOf {
  document: YamlDocument;
  value: Record<string, unknown>;
  path: Path;
}

/**
 * The groups of a rule file or of an object's spec. Strict about what Prometheus itself refuses, which is a problem each; what
 * it does not know is passed over: other versions do, and Thanos.
 * @param placeOf the place of a line
 */
export function readGroups({ document, value, path }: GroupsOf, placeOf: (line: number) => string, found: Found): void {
  const line = (at: Path) => document.lineOf([...path, ...at]);
  const { groups } = value;
  if (groups === null || groups === undefined) return;
  if (!Array.isArray(groups)) {
    found.problem(placeOf(line(['groups'])), 'RULE_BAD', '`groups` is no list', RULES_HINT, WHOLE);
    return;
  }
  const names = new Set<string>();
  groups.forEach((group: unknown, g) => {
    const at: Path = ['groups', g];
    if (!isRecord(group)) {
      found.problem(placeOf(line(at)), 'RULE_BAD', 'a group is no mapping', RULES_HINT);
      return;
    }
    const name = textOf(group.name);
    const complaint = name === '' ? 'a group has no name' : names.has(name) && `group ${name} is there twice`;
    if (complaint) found.problem(placeOf(line(at)), 'RULE_BAD', complaint, 'Prometheus refuses the whole file');
    names.add(name);
    const rules = group.rules ?? [];
    if (!Array.isArray(rules)) {
      found.problem(placeOf(line([...at, 'rules'])), 'RULE_BAD', `the rules of group ${name} are no list`, RULES_HINT);
      return;
    }
    const shared = labelsOf(group.labels);
    rules.forEach((rule: unknown, r) => {
      const here: Path = [...at, 'rules', r];
      const place = (field?: string) => placeOf(line(field === undefined ? here : [...here, field]));
      readRule(rule, { group: name, shared, place }, found);
    });
  });
}

interface RuleContext {
  group: string;
  shared: Record<string, string>;
  place(field?: string): string;
}

function readRule(rule: unknown, { group, shared, place }: RuleContext, found: Found): void {
  const bad = (message: string, field?: string) =>
    found.problem(place(field), 'RULE_BAD', `group ${group}: ${message}`, RULES_HINT);
  if (!isRecord(rule)) {
    bad('a rule is no mapping');
    return;
  }
  const alert = textOf(rule.alert);
  const record = textOf(rule.record);
  if ((alert === '') === (record === '')) {
    bad(alert === '' ? 'a rule has neither `alert` nor `record`' : `rule ${alert} has both \`alert\` and \`record\``);
    return;
  }
  const name = alert || record;
  const { expr } = rule;
  if ((typeof expr !== 'string' && typeof expr !== 'number') || String(expr).trim() === '') {
    bad(`rule ${name} has no \`expr\``, 'expr');
    return;
  }
  const kind = alert === '' ? 'recording' : 'alert';
  const where = `${place()} (group ${group}, ${kind === 'alert' ? 'alert' : 'record'} ${name})`;
  const common = { place: where, kind, expr: String(expr).trim() } as const;
  if (kind === 'alert') {
    found.add(common);
    return;
  }
  const refused = refusedRecord(record, rule);
  if (refused) bad(refused, 'record');
  else if (isScraped(record)) {
    found.problem(
      where,
      'RULE_SHADOWS_METRIC',
      `it records ${record}, a name that is scraped: in the runs it is not recorded, or what is measured would be mixed with it`,
      'give it a name with a colon, as recorded series have it',
    );
  }
  const records = refused || isScraped(record) ? '' : record;
  found.add({ ...common, records, labels: { ...shared, ...labelsOf(rule.labels) } });
}

/** What Prometheus refuses about a recording rule, its expression aside; empty: nothing. */
function refusedRecord(record: string, rule: Record<string, unknown>): string {
  if (!NAME.test(record)) return `${record} is no name for a series`;
  const alien = ['for', 'keep_firing_for', 'annotations'].find((field) => rule[field] !== undefined);
  return alien ? `recording rule ${record} has \`${alien}\`, which alerts alone have` : '';
}

function labelsOf(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, String(one)]));
}
