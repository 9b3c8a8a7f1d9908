import type { LostRequest, RolloutRecord, ScenarioUpgrade } from '../../../result/upgrade/types.ts';
import { formatNumber } from '../../format.ts';
import { flowName, lostLine } from '../../upgrade/summary.ts';
import { type Charts, COLOURS } from '../charts.ts';
import { table } from '../figure.ts';
import { html, type Markup } from '../markup.ts';
import { below, LEGEND, limitAt, shortLabel } from '../plots.ts';
import { wideFigure } from '../plotted.ts';

/** What was lost, when, and meanwhile what; the roll-out as a timeline with the lost requests on it. */
export function lostPart(charts: Charts | null, scenario: ScenarioUpgrade): Markup {
  const { name, lost, rollout } = scenario;
  const drawn = charts && rollout.length + lost.lost.length > 0;
  return html`<p>${lostLine(scenario)}</p>
${lost.lost.length > 0 && lostTable(name, lost.lost)}
${drawn && rolloutFigure(charts, scenario)}`;
}

/** A life of a pod within the roll-out; null: it was there before, or stayed. */
interface Life {
  pod: string;
  workload: string;
  version: string;
  startedMs: number | null;
  readyMs: number | null;
  leavingMs: number | null;
  goneMs: number | null;
}

const FIELD = {
  'pod-started': 'startedMs',
  'pod-ready': 'readyMs',
  'pod-leaving': 'leavingMs',
  'pod-gone': 'goneMs',
} as const satisfies Partial<Record<RolloutRecord['what'], keyof Life>>;

/** Pods in the order in which something first happened to them. */
function livesOf(rollout: readonly RolloutRecord[]): Life[] {
  const lives = new Map<string, Life>();
  for (const { what, pod, workload, version, atMs } of rollout.toSorted((a, b) => a.atMs - b.atMs)) {
    if (what === 'control-plane') continue;
    const key = JSON.stringify([workload, pod]);
    const life = lives.get(key) ?? {
      ...{ pod, workload, version },
      ...{ startedMs: null, readyMs: null, leavingMs: null, goneMs: null },
    };
    lives.set(key, { ...life, version: version || life.version, [FIELD[what]]: life[FIELD[what]] ?? atMs });
  }
  return [...lives.values()];
}

/** What a pod does between two events: a bar. */
interface Stretch {
  row: number;
  state: (typeof STATES)[number]['name'];
  fromMs: number;
  toMs: number;
}

const STATES = [
  { name: 'starting', color: COLOURS.unsure },
  { name: 'serving', color: COLOURS.truth },
  { name: 'leaving', color: COLOURS.prometheus },
] as const;

function stretchesOf(lives: readonly Life[], fromMs: number, toMs: number): Stretch[] {
  return lives.flatMap(({ startedMs, readyMs, leavingMs, goneMs }, row): Stretch[] => {
    const end = goneMs ?? toMs;
    const serving = readyMs ?? (startedMs === null ? fromMs : null);
    const all: Stretch[] = [
      ...(startedMs === null
        ? []
        : [{ row, state: 'starting' as const, fromMs: startedMs, toMs: readyMs ?? leavingMs ?? end }]),
      ...(serving === null ? [] : [{ row, state: 'serving' as const, fromMs: serving, toMs: leavingMs ?? end }]),
      ...(leavingMs === null ? [] : [{ row, state: 'leaving' as const, fromMs: leavingMs, toMs: end }]),
    ];
    return all.filter((one) => one.toMs > one.fromMs);
  });
}

const LOST = 'requests lost';

function rolloutFigure(charts: Charts, scenario: ScenarioUpgrade): Markup {
  const { name, rollout, lost } = scenario;
  const lives = livesOf(rollout);
  const losing = lost.lost.length > 0;
  return wideFigure(charts, {
    title: `${name}: the roll-out, pod by pod`,
    label: `What each pod did while the mesh was upgraded${losing ? ', and when requests were lost' : ''}`,
    option: option(scenario, lives),
    height: 96 + 20 * (lives.length + 1),
    caption: losing ? 'Requests lost in the top row, each a mark.' : 'No request was lost meanwhile.',
    data: rolloutTable(name, rollout),
  });
}

function option({ rollout, lost }: ScenarioUpgrade, lives: readonly Life[]): Record<string, unknown> {
  const times = [...rollout, ...lost.lost].map(({ atMs }) => atMs);
  const [first, last] = [Math.min(0, ...times), Math.max(...times)];
  const toMs = last + (last - first) * 0.03 + 1;
  const stretches = stretchesOf(lives, first, toMs);
  const controlPlane = rollout.filter(({ what }) => what === 'control-plane');
  const label = ({ pod, workload, version }: Life) => shortLabel(`${pod || workload} ${version}`, 44);
  return {
    legend: { ...LEGEND, data: [...STATES.map(({ name }) => name), ...(lost.lost.length > 0 ? [LOST] : [])] },
    grid: { top: 52, bottom: 44, left: 300, right: 24 },
    xAxis: below('seconds since traffic began', {
      ...{ min: first, max: toMs },
      axisLabel: { formatter: (ms: number) => formatNumber(ms / 1000, 1), showMaxLabel: false },
    }),
    yAxis: {
      ...{ type: 'category', inverse: true, data: [LOST, ...lives.map(label)] },
      ...{ axisTick: { show: false }, axisLabel: { color: COLOURS.ink, interval: 0 } },
    },
    series: [
      ...STATES.map(({ name, color }, i) => ({
        ...{ type: 'custom', name, silent: true, itemStyle: { color } },
        ...{ renderItem: bar(color), encode: { x: [0, 1], y: 2 } },
        data: stretches.filter(({ state }) => state === name).map((s) => [s.fromMs, s.toMs, s.row + 1]),
        ...(i === 0 && controlPlane.length > 0
          ? {
              markLine: {
                ...limitAt('xAxis', 0, 'control plane', 'start'),
                data: controlPlane.map(({ atMs }) => ({ xAxis: atMs })),
              },
            }
          : {}),
      })),
      {
        ...{ type: 'scatter', name: LOST, symbol: 'path://M0 0L10 10M10 0L0 10', symbolSize: 9 },
        itemStyle: { color: COLOURS.bad, borderColor: COLOURS.bad, borderWidth: 2 },
        data: lost.lost.map(({ atMs }) => [atMs, 0]),
      },
    ],
  };
}

interface DrawingApi {
  value(dimension: number): number;
  coord(point: [number, number]): [number, number];
}

/** A bar from one time to another in the middle of a row. */
function bar(color: string): (params: unknown, api: DrawingApi) => object {
  const HEIGHT = 12;
  return (_, api) => {
    const [x, y] = api.coord([api.value(0), api.value(2)]);
    const [end] = api.coord([api.value(1), api.value(2)]);
    return {
      type: 'rect',
      shape: { x, y: y - HEIGHT / 2, width: Math.max(1, end - x), height: HEIGHT },
      style: { fill: color },
    };
  };
}

const seconds = (ms: number) => `${formatNumber(ms / 1000, 2)} s`;

function lostTable(name: string, lost: readonly LostRequest[]): Markup {
  return table(
    `${name}: requests lost, by the moment and what went on then`,
    [{ name: 'At', number: true }, ...['Flow', 'Route', 'Outcome', 'Meanwhile'].map((title) => ({ name: title }))],
    lost.map((request) => [
      seconds(request.atMs),
      flowName(request),
      request.route,
      `${request.outcome}${request.status > 0 ? ` ${request.status}` : ''}`,
      request.meanwhile || 'nothing of the roll-out',
    ]),
  );
}

const WHAT: Record<RolloutRecord['what'], string> = {
  'control-plane': 'control plane upgraded',
  'pod-started': 'started',
  'pod-ready': 'ready',
  'pod-leaving': 'leaving',
  'pod-gone': 'gone',
};

function rolloutTable(name: string, rollout: readonly RolloutRecord[]): Markup {
  return table(
    `${name}: events of the roll-out, since traffic began`,
    [{ name: 'At', number: true }, ...['Workload', 'Pod', 'What', 'Proxy'].map((title) => ({ name: title }))],
    rollout.map(({ atMs, workload, pod, what, version }) => [seconds(atMs), workload, pod, WHAT[what], version]),
  );
}
