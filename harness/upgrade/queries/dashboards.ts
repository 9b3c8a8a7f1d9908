import type { Variable } from '../types.ts';
import type { InputFile } from './files.ts';
import type { Found } from './found.ts';
import { variablesIn } from './resolve.ts';
import { isOtherSource, variablesOf } from './variables.ts';
import { isRecord, readYaml, textOf } from './yaml.ts';

type Json = Record<string, unknown>;

const EXPORT_HINT = 'export the dashboard as JSON: Share > Export, or GET /api/dashboards/uid/<uid>';
const WHOLE = { whole: true };

/** Dashboards of a file: Grafana's JSON, or objects that carry it (ConfigMaps for provisioning, GrafanaDashboard of its operator). */
export function readDashboardFile(file: InputFile, found: Found): void {
  if (!/\.ya?ml$/i.test(file.path)) {
    readDashboardText(file, found);
    return;
  }
  const { documents, problems } = readYaml(file.path, file.text);
  found.problems.push(...problems);
  let seen = problems.length > 0;
  const visit = (value: unknown, line: number) => {
    if (!isRecord(value)) return;
    if (Array.isArray(value.items)) for (const item of value.items) visit(item, line);
    for (const [name, text] of carriedBy(value)) {
      seen = true;
      readDashboardText({ path: `${file.path}:${line} (${name})`, text, named: file.named }, found);
    }
  };
  for (const document of documents) visit(document.value, document.lineOf([]));
  if (!seen && file.named)
    found.problem(file.path, 'NOT_A_DASHBOARD', 'there is no dashboard in it', EXPORT_HINT, WHOLE);
}

function carriedBy({ kind, data, spec, metadata }: Json): [string, string][] {
  if (kind === 'ConfigMap' && isRecord(data)) {
    return Object.entries(data).flatMap(([name, text]) =>
      name.endsWith('.json') ? [[name, textOf(text)] as [string, string]] : [],
    );
  }
  if (kind !== 'GrafanaDashboard' || !isRecord(spec)) return [];
  const name = isRecord(metadata) ? textOf(metadata.name) : '';
  return textOf(spec.json) === '' ? [] : [[name, textOf(spec.json)]];
}

/** One dashboard: as Grafana exports it, or in the envelope of its API. */
export function readDashboardText(file: InputFile, found: Found): void {
  let json: unknown;
  try {
    json = JSON.parse(file.text);
  } catch (error) {
    const what = (error as Error).message.replace(/\s+in JSON at position.*|, "[\s\S]*$/, '');
    const place = `${file.path}${lineOfSyntax(file.text, error as Error)}`;
    found.problem(place, 'JSON_SYNTAX', `it is no JSON: ${what}`, EXPORT_HINT, WHOLE);
    return;
  }
  const dashboard = isRecord(json) && isRecord(json.dashboard) ? json.dashboard : json;
  const spec = isRecord(dashboard) && isRecord(dashboard.spec) ? dashboard.spec : dashboard;
  if (!isRecord(dashboard) || !isRecord(spec)) notDashboard(file, 'it is no object', found);
  else if (isRecord(spec.elements)) readElements(file, spec, found);
  else if (Array.isArray(dashboard.panels) || Array.isArray(dashboard.rows)) readClassic(file, dashboard, found);
  // A folder may hold JSON of all kinds.
  else if (file.named || 'templating' in dashboard) notDashboard(file, 'it has no panels', found);
}

function notDashboard(file: InputFile, what: string, found: Found): void {
  found.problem(file.path, 'NOT_A_DASHBOARD', `it is no dashboard of Grafana: ${what}`, EXPORT_HINT, WHOLE);
}

interface Reading {
  place: string;
  inputs: ReadonlyMap<string, string>;
  variables: Record<string, Variable>;
  /** Library panels that came along, by their uid. */
  library: ReadonlyMap<string, Json>;
  found: Found;
}

function readClassic(file: InputFile, dashboard: Json, found: Found): void {
  const place = `${file.path} > ${textOf(dashboard.title) || 'untitled'}`;
  const inputs = inputsOf(dashboard.__inputs);
  const templating = isRecord(dashboard.templating) ? dashboard.templating.list : [];
  const { variables, problems } = variablesOf(templating, inputs);
  const reading = { place, inputs, variables, library: libraryOf(dashboard.__elements), found };
  const before = found.queries.length;
  readPanels(dashboard.panels, reading);
  for (const row of listOf(dashboard.rows)) readPanels(row.panels, reading);
  const annotations = isRecord(dashboard.annotations) ? dashboard.annotations.list : [];
  for (const one of listOf(annotations)) readTarget(one, undefined, `annotation ${textOf(one.name)}`, reading);
  reportVariables(place, problems, found, before);
}

/** Problems of variables that no expression names are none. */
function reportVariables(
  place: string,
  problems: { name: string; message: string }[],
  found: Found,
  before: number,
): void {
  const used = new Set<string>();
  const use = (text: string, variables: Record<string, Variable>) => {
    for (const name of variablesIn(text)) {
      if (used.has(name)) continue;
      used.add(name);
      const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (variable?.kind === 'label-values') use(variable.selector, variables);
    }
  };
  for (const query of found.queries.slice(before)) use(query.expr, query.variables);
  for (const { message } of problems.filter((one) => used.has(one.name))) {
    const hint =
      'where it is matched any value is taken; save the dashboard with a value chosen to have that one taken';
    found.problem(place, 'VARIABLE_UNSUPPORTED', message, hint);
  }
}

function readPanels(panels: unknown, reading: Reading): void {
  for (const panel of listOf(panels)) {
    // A collapsed row has its panels within.
    readPanels(panel.panels, reading);
    const name = textOf(panel.title) || `panel ${String(panel.id ?? '')}`.trim();
    if (isRecord(panel.libraryPanel) && !Array.isArray(panel.targets)) {
      const uid = textOf(panel.libraryPanel.uid);
      const model =
        reading.library.get(uid) ?? (isRecord(panel.libraryPanel.model) ? panel.libraryPanel.model : undefined);
      if (model) readTargets(model, textOf(model.title) || name, reading);
      else {
        const message = `panel ${name} is the library panel ${textOf(panel.libraryPanel.name) || uid}, which is not in the file`;
        reading.found.problem(
          `${reading.place} > ${name}`,
          'LIBRARY_PANEL',
          message,
          'export the dashboard for sharing externally, or unlink the panel',
        );
      }
    } else readTargets(panel, name, reading);
  }
}

function readTargets(panel: Json, name: string, reading: Reading): void {
  const targets = listOf(panel.targets);
  // What is computed of hidden queries is what the panel shows.
  const computes = targets.some(({ datasource, hide }) => hide !== true && isExpression(datasource));
  for (const target of targets) {
    readTarget(computes ? { ...target, hide: false } : target, panel.datasource, name, reading);
  }
}

function isExpression(source: unknown): boolean {
  return isRecord(source) ? source.type === '__expr__' || source.uid === '__expr__' : source === '__expr__';
}

/** A query of a panel. Hidden ones, and those of other data sources, are nothing to compare. */
function readTarget(target: Json, ofPanel: unknown, name: string, reading: Reading): void {
  const expr = textOf(target.expr).trim();
  if (expr === '' || target.hide === true || target.enable === false) return;
  if (isOtherSource(target.datasource ?? ofPanel, reading.inputs)) return;
  const ref = textOf(target.refId);
  const place = `${reading.place} > ${name}${ref === '' ? '' : ` (${ref})`}`;
  reading.found.add({ place, kind: 'panel', expr, variables: reading.variables });
}

/** The newer schema: panels are elements, and a query stands in two envelopes. */
function readElements(file: InputFile, spec: Json, found: Found): void {
  const place = `${file.path} > ${textOf(spec.title) || 'untitled'}`;
  const list = listOf(spec.variables).map(({ kind, spec: one }) => {
    const flat = isRecord(one) ? one : {};
    const type = textOf(kind)
      .replace(/Variable$/, '')
      .replace('Text', 'textbox')
      .toLowerCase();
    const inner = isRecord(flat.query) && isRecord(flat.query.spec) ? flat.query.spec : null;
    const query = inner ? textOf(inner.query) || textOf(inner.expr) || textOf(inner.__legacyStringValue) : flat.query;
    return { ...flat, type, query };
  });
  const inputs = new Map<string, string>();
  const { variables, problems } = variablesOf(list, inputs);
  const reading = { place, inputs, variables, library: new Map<string, Json>(), found };
  const before = found.queries.length;
  for (const element of Object.values(isRecord(spec.elements) ? spec.elements : {})) {
    if (!isRecord(element) || !isRecord(element.spec)) continue;
    const name = textOf(element.spec.title) || 'untitled panel';
    if (element.kind === 'LibraryPanel') {
      found.problem(
        `${place} > ${name}`,
        'LIBRARY_PANEL',
        `panel ${name} is a library panel, which is not in the file`,
        EXPORT_HINT,
      );
      continue;
    }
    const queries = pathIn(element.spec, ['data', 'spec', 'queries']);
    for (const { spec: one } of listOf(queries)) {
      if (!isRecord(one) || !isRecord(one.query)) continue;
      const { query } = one;
      const inner = isRecord(query.spec) ? query.spec : {};
      const type = textOf(query.group) || (query.kind === 'DataQuery' ? '' : textOf(query.kind));
      readTarget({ ...inner, refId: one.refId, hide: one.hidden, datasource: { type } }, undefined, name, reading);
    }
  }
  reportVariables(place, problems, found, before);
}

function pathIn(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), value);
}

/** Data sources that are chosen when the dashboard is imported: name to type. */
function inputsOf(inputs: unknown): Map<string, string> {
  return new Map(listOf(inputs).map((one) => [textOf(one.name), textOf(one.pluginId)]));
}

function libraryOf(elements: unknown): Map<string, Json> {
  const library = new Map<string, Json>();
  for (const [uid, element] of Object.entries(isRecord(elements) ? elements : {})) {
    if (isRecord(element) && isRecord(element.model)) library.set(textOf(element.uid) || uid, element.model);
  }
  return library;
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function lineOfSyntax(text: string, error: Error): string {
  const position = /position (\d+)/.exec(error.message)?.[1];
  return position === undefined ? '' : `:${text.slice(0, Number(position)).split('\n').length}`;
}
