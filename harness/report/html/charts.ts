import type { EChartsOption } from 'echarts';
import { escapeHtml, type Markup, trusted } from './markup.ts';

/**
 * Colours of charts: variables of the page (`theme.ts`), which differ in light and dark. Given to the chart library as they are,
 * which writes them into the SVG.
 */
export const COLOURS = {
  ink: 'var(--ink)',
  faint: 'var(--faint)',
  rule: 'var(--rule)',
  truth: 'var(--truth)',
  prometheus: 'var(--prometheus)',
  proxy: 'var(--proxy)',
  good: 'var(--good)',
  bad: 'var(--bad)',
  unsure: 'var(--unsure)',
  /** What the truth permits. */
  allowed: 'var(--allowed)',
  /** A fault or an event of the timeline, behind everything else. */
  band: 'var(--band)',
} as const;

export interface ChartSize {
  /** Units of the SVG, which scales to the width of its figure. */
  width: number;
  height: number;
}

/** Draws charts as SVG, without a DOM. */
export interface Charts {
  /**
   * @param option the library's own; axes and text get the page's colours where it says nothing
   * @param label what the picture shows, in one sentence, for whoever can't see it
   */
  draw(option: EChartsOption, size: ChartSize, label: string): Markup;
}

let loaded: Promise<Charts> | null = null;

/** The chart library, loaded once. */
export function loadCharts(): Promise<Charts> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Charts> {
  const { init } = await import('./echarts.ts');
  return {
    draw(option, { width, height }, label) {
      const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
      try {
        chart.setOption({ ...option, ...themed(option), animation: false });
        return trusted(slimmed(chart.renderToSVGString(), label));
      } finally {
        chart.dispose();
      }
    },
  };
}

/** Axes and text in the page's colours. */
function themed(option: EChartsOption): EChartsOption {
  const axis = (given: object): object => ({
    axisLine: { lineStyle: { color: COLOURS.rule } },
    axisTick: { lineStyle: { color: COLOURS.rule } },
    splitLine: { lineStyle: { color: COLOURS.rule } },
    nameTextStyle: { color: COLOURS.faint },
    ...given,
    axisLabel: { color: COLOURS.faint, ...(given as { axisLabel?: object }).axisLabel },
  });
  const axes = (given: unknown) => {
    if (Array.isArray(given)) return given.map((one) => axis(one as object));
    return given ? axis(given as object) : undefined;
  };
  return {
    textStyle: { fontFamily: 'inherit', color: COLOURS.ink, ...(option.textStyle as object) },
    ...(option.xAxis ? { xAxis: axes(option.xAxis) as EChartsOption['xAxis'] } : {}),
    ...(option.yAxis ? { yAxis: axes(option.yAxis) as EChartsOption['yAxis'] } : {}),
  };
}

let drawn = 0;

/**
 * What only a live chart needs goes, and what is said again and again, which is three quarters; names of clip paths become the
 * page's own; and it gets its label. Only tags are touched: text between them came from outside.
 */
function slimmed(svg: string, label: string): string {
  const prefix = `c${drawn++}-`;
  const open = `<svg class="chart" role="img" aria-label="${escapeHtml(label)}" fill="none"`;
  return svg
    .replace(/<style ?>[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]*>/g, (tag) => slimmedTag(tag, prefix))
    .replace(/>\n+</g, '><')
    .replace(/<rect [^>]*\/?>(?:<\/rect>)?/, (ground) => (ground.includes('fill=') ? ground : ''))
    .replace(/><\/(?:path|rect|polyline)>/g, '/>')
    .replace(SAME_LINES, joined)
    .replace(/^<svg width="\d+" height="\d+"/, () => open);
}

const LIVE =
  / (?:class="zr[^"]*"|pointer-events="visible"|ecmeta_[a-z_]+="[^"]*"|baseProfile="full"|version="1\.1"|xmlns(?::xlink)?="[^"]*"|xml:space="preserve"|fill="none"|dominant-baseline="central")/g;

function slimmedTag(tag: string, prefix: string): string {
  const slim = tag
    .replace(LIVE, '')
    .replace(/zr\d+-/g, prefix)
    .replace(/(\d\.\d)\d+/g, '$1');
  if (slim.startsWith('<path')) return slim.replace(/ d="([^"]*)"/, (_, d: string) => ` d="${shortPath(d)}"`);
  if (!slim.startsWith('<text')) return slim;
  return slim
    .replace(/font-family:inherit;/, '')
    .replace(/font-size:11px;/, '')
    .replace(/ style=""/, '')
    .replace(/ (?:text-anchor="middle"|fill="var\(--faint\)")/g, '')
    .replace(MOVED, (_, x = '0', y = '0', dx, dy) => ` x="${sum(x, dx)}" y="${sum(y, dy)}"`);
}

/** Text of axes has no place of its own, text of legends has both. */
const MOVED = /(?: x="(-?[\d.]+)")?(?: y="(-?[\d.]+)")? transform="translate\((-?[\d.]+) (-?[\d.]+)\)"/;
const sum = (a: string, b: string) => Math.round((Number(a) + Number(b)) * 10) / 10;

/** Lines along an axis need one number: `L10 20L30 20` is `L10 20H30`. */
function shortPath(d: string): string {
  if (/[^MLZ\d.\- ]/.test(d)) return d;
  let [x, y] = ['', ''];
  return d.replace(/([MLZ])(?:(-?[\d.]+) (-?[\d.]+))?/g, (whole, command: string, toX = '', toY = '') => {
    const short = command === 'L' && toX === x ? `V${toY}` : command === 'L' && toY === y ? `H${toX}` : whole;
    if (command !== 'Z') [x, y] = [toX, toY];
    return short;
  });
}

/** Lines side by side that look the same are one. */
const SAME_LINES = /<path d="[^"]*"( (?!fill)[^>]*?)\/>(?:<path d="[^"]*"\1\/>)+/g;

function joined(lines: string, look: string): string {
  if (look.includes('transform') || look.includes('opacity') || look.includes('fill')) return lines;
  return `<path d="${[...lines.matchAll(/ d="([^"]*)"/g)].map((line) => line[1]).join('')}"${look}/>`;
}
