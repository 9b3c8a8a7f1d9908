import type { VerdictValue } from '../../../result/types.ts';
import { formatMs, formatNumber, formatPercent, plural } from '../../format.ts';
import { oneLine, truncate } from '../../text.ts';
import { badge, figure, scrolling, table } from '../figure.ts';
import { type Content, html, type Markup } from '../markup.ts';
import type { Edge, Golden, Side, Topology, Workload } from './edges.ts';
import { type Placed, type Point, placed } from './layout.ts';

const NODE = { width: 112, height: 46 };
const LABEL = { width: 206, height: 68, row: 14 };
/** Right ends of the columns of a label, from its left. */
const [TRUTH, PROMETHEUS] = [115, LABEL.width - 9];
const NAME_COLUMNS = 15;
const NO_DATA = 'no data';

/** A graph that is wider than this scrolls even on a large screen, when it is shown at twice its size. */
const SCROLLS_FROM = 540;

/**
 * Who calls whom, with the golden metrics of each edge: the truth beside Prometheus.
 * @param about the scenario
 */
export function topologyFigure(topology: Topology, about: string): Markup {
  const { svg, leastWidth } = drawn(topology);
  return figure({
    title: html`<h4>Who calls whom: the truth beside Prometheus</h4>`,
    picture:
      leastWidth > SCROLLS_FROM
        ? scrolling(`Graph of who calls whom: ${about}`, svg)
        : html`<div class="scrolls">${svg}</div>`,
    caption:
      'Rate over the time of the load, success rate and 99th percentile of each edge, by the truth and by Prometheus; red where it ' +
      'can’t be true. A percentile by Prometheus is interpolated within a bucket: it may be off by the width of that bucket.',
    data: edgeTable(topology.edges, about),
  });
}

function drawn({ workloads, edges }: Topology): { svg: Markup; leastWidth: number } {
  const index = new Map(workloads.map(({ name }, i) => [name, i]));
  const boxes = edges.map(({ shown }) => ({
    width: LABEL.width,
    height: LABEL.height + (shown.differs ? LABEL.row : 0),
  }));
  const places = placed(
    workloads.map(() => NODE),
    edges.map(({ source, destination }, i) => ({
      from: index.get(source)!,
      to: index.get(destination)!,
      label: boxes[i]!,
    })),
  );
  const [width, height] = [Math.ceil(places.width), Math.ceil(places.height)];
  const leastWidth = Math.round(width * 0.8);
  const svg = html`<svg class="graph" viewBox="0 0 ${width} ${height}" style="min-width:${leastWidth}px;max-width:${width}px" role="img" aria-label="${labelOf({ workloads, edges })}">
${edges.map((edge, i) => wayOf(edge, places.edges[i]!.points))}
${workloads.map((workload, i) => nodeOf(workload, places.nodes[i]!))}
${edges.map((edge, i) => labelBox(edge, places.edges[i]!.label, boxes[i]!.height))}
</svg>`;
  return { svg, leastWidth };
}

function labelOf({ workloads, edges }: Topology): string {
  const wrong = edges.filter(({ shown }) => shown.differs);
  const told = wrong.map((edge) => `${edge.source} to ${edge.destination}: ${edge.shown.differs}`);
  const verdict = wrong.length === 0 ? 'Prometheus agrees with the truth on all of them' : told.join('; ');
  return oneLine(`${plural(workloads.length, 'workload')}, ${plural(edges.length, 'edge')}: ${verdict}`);
}

/** A smooth way through the points, with its head. */
function wayOf({ shown }: Edge, points: Placed['edges'][number]['points']): Markup {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (!first || !last) return html``;
  let d = `M${pair(first)}`;
  for (const [i, point] of rest.slice(0, -1).entries()) {
    const next = rest[i + 1]!;
    const end = i === rest.length - 2 ? last : middle(point, next);
    d += `Q${pair(point)} ${pair(end)}`;
  }
  if (rest.length === 1) d += `L${pair(last)}`;
  const before = rest.at(-2) ?? first;
  return html`<g class="way ${shown.differs ? shown.verdict : 'pass'}"><path d="${d}"/><path class="head" d="${headOf(before, last)}"/></g>\n`;
}

function headOf(from: Point, to: Point): string {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const [x, y] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const corner = (side: number) => pair({ x: to.x - 9 * x - side * 4.5 * y, y: to.y - 9 * y + side * 4.5 * x });
  return `M${pair(to)}L${corner(1)} ${corner(-1)}Z`;
}

function nodeOf({ name, pods }: Workload, { x, y }: Point): Markup {
  const slash = name.indexOf('/');
  const [namespace, own] =
    name === '-' ? ['', 'any client'] : [name.slice(0, Math.max(0, slash)), name.slice(slash + 1)];
  const below = [oneLine(namespace), pods === null ? '' : plural(pods, 'pod')].filter(Boolean).join(', ');
  return html`<g class="node"><title>${oneLine(name)}</title><rect x="${round(x - NODE.width / 2)}" y="${round(y - NODE.height / 2)}" width="${NODE.width}" height="${NODE.height}" rx="6"/>
<text x="${round(x)}" y="${round(y - 3)}" class="name">${truncate(oneLine(own), NAME_COLUMNS)}</text><text x="${round(x)}" y="${round(y + 13)}" class="faint">${truncate(below, NAME_COLUMNS + 3)}</text></g>\n`;
}

/** A small table: rate, success rate and p99, truth beside Prometheus. */
function labelBox({ shown }: Edge, { x, y }: Point, height: number): Markup {
  const [left, top] = [x - LABEL.width / 2, y - height / 2];
  const columns = [left + 9, left + TRUTH, left + PROMETHEUS].map(round);
  const rows: GoldenRow[] = [
    { name: '', truth: 'truth', prometheus: 'Prometheus', mark: 'pass' },
    ...goldenRows(shown),
  ];
  const line = ({ name, truth, prometheus, mark }: GoldenRow, i: number) => {
    const at = round(top + 14 + i * LABEL.row);
    return html`<text y="${at}"><tspan x="${columns[0]!}" class="faint">${name}</tspan><tspan x="${columns[1]!}" class="truth">${truth}</tspan><tspan x="${columns[2]!}" class="prometheus${MARK[mark]}">${prometheus}</tspan></text>`;
  };
  const word =
    shown.differs &&
    html`<text class="word" x="${round(x)}" y="${round(top + 14 + rows.length * LABEL.row)}">${truncate(shown.differs, 26)}</text>`;
  return html`<g class="label ${shown.differs ? shown.verdict : 'pass'}"><rect x="${round(left)}" y="${round(top)}" width="${LABEL.width}" height="${round(height)}" rx="4"/>${rows.map(line)}${word}</g>\n`;
}

/** The look of a value by what was judged of it. */
const MARK: Record<VerdictValue, string> = { pass: '', fail: ' wrong', inconclusive: ' missing' };

interface GoldenRow {
  name: string;
  truth: string;
  prometheus: string;
  mark: VerdictValue;
}

function goldenRows({ truth, prometheus, unit, marks }: Side): GoldenRow[] {
  const row = (name: string, key: keyof Golden, say: (value: number) => string): GoldenRow => {
    const text = (golden: Golden) => (golden[key] === null ? NO_DATA : say(golden[key]));
    const mark = marks[key === 'count' ? 'ratePerSecond' : key];
    return { name, truth: text(truth), prometheus: text(prometheus), mark };
  };
  const how = truth.ratePerSecond === null ? row(unit, 'count', count) : row('rate', 'ratePerSecond', rateText);
  if (unit === 'connections') return [how, row('opened', 'count', count)];
  const none: GoldenRow = { name: 'p99', truth: '', prometheus: '', mark: 'pass' };
  const p99 = truth.p99Ms === null && prometheus.p99Ms === null ? none : row('p99', 'p99Ms', formatMs);
  return [how, row('success', 'successRate', formatPercent), p99];
}

const count = (value: number) => formatNumber(value, 1);
const rateText = (value: number) => `${formatNumber(value, value < 100 ? 1 : 0)}/s`;

const COLUMNS = [
  { name: 'From' },
  { name: 'To' },
  { name: 'Side' },
  { name: 'Truth', number: true },
  { name: 'Proxies', number: true },
  { name: 'Prometheus', number: true },
  { name: 'Rate', number: true },
  { name: 'by Prometheus', number: true },
  { name: 'Success', number: true },
  { name: 'by Prometheus', number: true },
  { name: 'p99', number: true },
  { name: 'by Prometheus', number: true },
  { name: 'Verdict' },
];

function edgeTable(edges: readonly Edge[], about: string): Markup {
  const rows = edges.flatMap((edge) =>
    edge.sides.map((side): Content[] => [edge.source, edge.destination, ...sideCells(side)]),
  );
  return table('Each edge, by the proxies of each of its sides', COLUMNS, rows, about);
}

function sideCells({ direction, unit, truth, proxy, prometheus, verdict, marks, differs }: Side): Content[] {
  const number = (value: number | null) => (value === null ? NO_DATA : formatNumber(value, 1));
  const both = (key: keyof Side['marks'], say: (value: number) => string): Content[] => {
    const [own, seen] = [truth, prometheus].map((golden) => (golden[key] === null ? '-' : say(golden[key])));
    return [own, marked(seen!, marks[key])];
  };
  return [
    unit === 'connections' ? `${direction}, connections` : direction,
    number(truth.count),
    number(proxy),
    marked(number(prometheus.count), marks.ratePerSecond),
    ...both('ratePerSecond', (value) => `${formatNumber(value, 2)}/s`),
    ...both('successRate', (value) => formatPercent(value, 3)),
    ...both('p99Ms', formatMs),
    html`${badge(verdict)} ${differs}`,
  ];
}

function marked(text: string, verdict: VerdictValue): Content {
  return verdict === 'pass' ? text : html`<span class="${MARK[verdict].trim()}">${text}</span>`;
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

const round = (value: number) => Math.round(value * 10) / 10;
const pair = ({ x, y }: Point) => `${round(x)} ${round(y)}`;
