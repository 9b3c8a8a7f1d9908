import { causePage, podsText } from '../report/diagnoses.ts';
import { formatNumber, plural } from '../report/format.ts';
import { createStyle, type Style } from '../report/style.ts';
import { type Cell, type Column, renderTable } from '../report/table.ts';
import { truncate, wrap } from '../report/text.ts';
import type { Diagnosis } from '../result/types.ts';
import { isScraped } from './proxies.ts';
import { isWrong } from './rules.ts';
import type { DoctorReport, ProxyReport } from './types.ts';

const MAX_FACTS = 4;
const MAX_REMEDIES = 3;
const MAX_PROXIES = 40;
const MAX_RULES = 20;
const MAX_FAMILIES = 5;
const LABEL = 10;

const WORDS = { healthy: 'HEALTHY', findings: 'FINDINGS', undecided: 'UNDECIDED' } as const;

/** The report as people read it: findings first, then what was looked at, then exactly what was read. */
export function renderDoctor(report: DoctorReport, options: { color: boolean; width: number }): string {
  const style = createStyle(options.color);
  const width = Math.max(40, Math.floor(options.width) || 80);
  const blocks = [
    wrap(`meshproof doctor: ${subjectOf(report)}`, width).map(style.dim),
    ...report.findings.map((finding) => findingLines(finding, style, width)),
    undecidedLines(report, style, width),
    checkLines(report, style, width),
    proxyLines(report, style, width),
    ruleLines(report, style, width),
    costLines(report, style, width),
    unreadLines(report, style, width),
    readLines(report, style, width),
    verdictLines(report, style, width),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function subjectOf({ cluster, prometheus, namespaces }: DoctorReport): string {
  const limited = namespaces.length > 0 ? `; pods of ${namespaces.join(', ')} alone` : '';
  return `cluster ${cluster.context} (${cluster.server}), Prometheus ${prometheus.version || '(of unknown version)'} at ${prometheus.where}${limited}`;
}

function findingLines(finding: Diagnosis, style: Style, width: number): string[] {
  const { causes, title, pods, subject, summary, evidence, remedy } = finding;
  const more = (all: string[], shown: number) =>
    all.length > shown ? [`and ${all.length - shown} more (--json)`] : [];
  const named = causes.length > 1 ? `undecided: ${causes.join(' or ')}` : causes.join('');
  return [
    ...wrap(`${title} (${named})`, width).map((line) => style.bold(style.red(line))),
    ...field('what', summary, width),
    ...field('pods', pods.length > 0 ? podsText(pods) : 'of no pod more than of another', width),
    ...(subject ? field('about', subject, width) : []),
    ...list('evidence', [...evidence.slice(0, MAX_FACTS), ...more(evidence, MAX_FACTS)], width),
    ...list('remedy', remedy.slice(0, MAX_REMEDIES), width),
    ...field('more', causes.map(causePage).join(', '), width).map(style.dim),
  ];
}

function undecidedLines({ undecided }: DoctorReport, style: Style, width: number): string[] {
  if (undecided.length === 0) return [];
  const lines = undecided.flatMap((line) =>
    wrap(line, width - 4).map((text, i) => `${i === 0 ? '  ' : '    '}${text}`),
  );
  return [style.bold(style.yellow('Could not be decided')), ...lines];
}

function checkLines({ checks }: DoctorReport, style: Style, width: number): string[] {
  const marks = { true: style.green('ok'), false: style.red('!!'), null: style.yellow('??') };
  return [
    style.bold('Looked at'),
    ...checks.flatMap(({ name, ok, text }) =>
      wrap(text, width - LABEL - 5).map((line, i) =>
        i === 0 ? `  ${marks[`${ok}`]} ${name.padEnd(LABEL)}${line}` : `${' '.repeat(LABEL + 5)}${line}`,
      ),
    ),
  ];
}

const PROXY_COLUMNS: Column[] = [
  { title: 'PROXY OF', flexible: true },
  { title: 'SCRAPED BY' },
  { title: 'PAGE' },
  { title: 'SERIES', align: 'right' },
  { title: 'BYTES', align: 'right' },
  { title: 'VERSION' },
];

function proxyLines({ proxies }: DoctorReport, style: Style, width: number): string[] {
  if (proxies.length === 0) return [];
  // What is wrong comes first.
  const ordered = proxies.toSorted((a, b) => Number(isScraped(a)) - Number(isScraped(b)));
  const rows = ordered.slice(0, MAX_PROXIES).map((proxy) => proxyRow(proxy, style));
  const table = renderTable(PROXY_COLUMNS, rows, width);
  const lines = table
    ? [style.bold(table[0]!), ...table.slice(1)]
    : rows.map((row) => truncate(row.map(({ text }) => text).join('  '), width));
  const more = proxies.length - MAX_PROXIES;
  return [
    ...lines,
    ...(more > 0 ? [`and ${plural(more, 'more proxy', 'more proxies')} (--json)`] : []),
    ...labelLines(proxies, width),
  ];
}

function proxyRow(proxy: ProxyReport, style: Style): Cell[] {
  const { pod, scrapes, page, series, bytes, version } = proxy;
  const by = scrapes.map(({ job, up }) => (up ? job : `${job} (down)`)).join(', ');
  return [
    { text: pod },
    isScraped(proxy) ? { text: by } : { text: by || 'nobody', paint: style.red },
    { text: page ?? '-' },
    { text: series === null ? '-' : formatNumber(series) },
    { text: bytes === null ? '-' : formatNumber(bytes) },
    { text: version || '-' },
  ];
}

/** Labels that targets have, without what is of each one alone: which ones people can ask by. */
function labelLines(proxies: readonly ProxyReport[], width: number): string[] {
  const names = new Map<string, number>();
  const all = proxies.flatMap(({ scrapes }) => scrapes);
  for (const { labels } of all) for (const name of Object.keys(labels)) names.set(name, (names.get(name) ?? 0) + 1);
  if (all.length === 0) return [];
  const text = [...names].map(([name, count]) => (count === all.length ? name : `${name} (${count})`)).join(', ');
  return wrap(`Labels of targets: ${text}`, width);
}

function ruleLines({ rules }: DoctorReport, style: Style, width: number): string[] {
  const bad = rules
    .filter(({ problems }) => problems.length > 0)
    .toSorted((a, b) => Number(isWrong(b)) - Number(isWrong(a)));
  if (bad.length === 0) return [];
  const more = bad.length - MAX_RULES;
  return [
    style.bold('Alerts and recording rules'),
    ...bad.slice(0, MAX_RULES).flatMap((rule) => {
      const paint = isWrong(rule) ? style.red : style.yellow;
      const title = wrap(`${rule.type} ${rule.name} (${rule.group})`, width - 2).map((line) => `  ${paint(line)}`);
      return [...title, ...rule.problems.flatMap((problem) => problemLines(problem, width))];
    }),
    ...(more > 0 ? [`  and ${more} more (--json)`] : []),
  ];
}

function problemLines(
  { cause, part, message, instead }: DoctorReport['rules'][number]['problems'][number],
  width: number,
): string[] {
  const named = cause ? ` (${cause})` : '';
  return [
    ...field('what', `${message}${named}`, width),
    ...field('where', part, width),
    ...(instead ? field('instead', instead, width) : []),
  ];
}

function costLines({ cost, proxies }: DoctorReport, style: Style, width: number): string[] {
  const read = proxies.filter(({ series }) => series !== null).length;
  if (read === 0) return [];
  const head = cost.headSeries === null ? '' : `; Prometheus holds ${formatNumber(cost.headSeries)} series in all`;
  const total =
    `${plural(read, 'page')} with ${formatNumber(cost.series)} series and ${formatNumber(cost.bytes)} bytes a scrape, ` +
    `${formatNumber(cost.series / read)} series a proxy${head}`;
  const families = cost.families
    .slice(0, MAX_FAMILIES)
    .map(({ name, series, bytes }) => `${name} ${formatNumber(series)} series, ${formatNumber(bytes)} bytes`);
  return [
    style.bold('What it costs'),
    ...indent(total, 2, width),
    ...families.flatMap((text) => indent(text, 4, width).map(style.dim)),
  ];
}

function unreadLines({ unread }: DoctorReport, style: Style, width: number): string[] {
  if (unread.length === 0) return [];
  return [style.bold('Could not be read'), ...unread.flatMap(({ what, why }) => indent(`${what}: ${why}`, 2, width))];
}

const MAX_READ = 60;
const PAGE_PATH = /\/namespaces\/[^/]+\/pods\/(https:)?[^/]+:(\d+)\/proxy\//;

/** Every request; in a large cluster the pages of proxies are one line. */
function readLines({ read }: DoctorReport, style: Style, width: number): string[] {
  const total = read.reduce((sum, { count }) => sum + count, 0);
  const methods = [...new Set(read.map(({ method }) => method))].join(', ');
  const rows = new Map<string, number>();
  for (const { verb, path, as, outcome, count } of read) {
    const place = read.length > MAX_READ ? path.replace(PAGE_PATH, '/namespaces/*/pods/$1*:$2/proxy/') : path;
    const row = `${verb.padEnd(5)}${outcome} ${place}${as === null ? '' : ` as ${as}`}`;
    rows.set(row, (rows.get(row) ?? 0) + count);
  }
  return [
    style.bold(`What was read: ${plural(total, 'request')}, ${methods} alone (--json has them whole)`),
    ...[...rows].map(([row, count]) => style.dim(truncate(`${String(count).padStart(5)} ${row}`, width))),
  ];
}

function verdictLines(report: DoctorReport, style: Style, width: number): string[] {
  const { verdict, findings, proxies, rules, undecided } = report;
  const scraped = proxies.filter(isScraped).length;
  const wrong = rules.filter(isWrong).length;
  const parts = [
    `${scraped} of ${plural(proxies.length, 'proxy', 'proxies')} scraped`,
    ...(findings.length > 0 ? [plural(findings.length, 'finding')] : []),
    ...(wrong > 0
      ? [plural(wrong, "rule that can't say what it seems to", "rules that can't say what they seem to")]
      : []),
    ...(undecided.length > 0 ? [`${undecided.length} undecided`] : []),
  ];
  const paint = { healthy: style.green, findings: style.red, undecided: style.yellow }[verdict];
  const [first = '', ...rest] = wrap(`${WORDS[verdict]}: ${parts.join(', ')}`, width);
  return [first.replace(WORDS[verdict], paint(WORDS[verdict])), ...rest];
}

function field(label: string, text: string, width: number): string[] {
  return wrap(text, width - LABEL - 2).map((line, i) => `  ${(i === 0 ? label : '').padEnd(LABEL)}${line}`);
}

function list(label: string, texts: readonly string[], width: number): string[] {
  return texts.flatMap((text, i) => field(i === 0 ? label : '', text, width));
}

function indent(text: string, by: number, width: number): string[] {
  return wrap(text, width - by - 2).map((line, i) => ' '.repeat(i === 0 ? by : by + 2) + line);
}
