import type { Estimate, ModelQuantity, ScrapePrediction, ScrapeResult } from '../../../result/bench/types.ts';
import { quantityText, settingsColumns } from '../../bench/scrape.ts';
import { formatBytes, formatChange } from '../../bench/units.ts';
import { formatNumber } from '../../format.ts';
import { type Charts, COLOURS } from '../charts.ts';
import { table } from '../figure.ts';
import { html, type Markup } from '../markup.ts';
import type { Section } from '../page.ts';
import { below, INSIDE, LEGEND, upright } from '../plots.ts';
import { sideBySide, smallFigure } from '../plotted.ts';

const TITLES: Record<ModelQuantity['name'], string> = {
  cpu: 'CPU',
  memory: 'Memory',
  disk: 'Disk',
  'scrape-duration': 'Duration of a scrape',
};

/** The model with the points that it was made of, those that it was tested with, and what it was asked for. */
export function modelSection(charts: Charts, result: ScrapeResult): Section | null {
  if (!result.model) return null;
  const { quantities } = result.model;
  return {
    id: 'model',
    title: 'The model',
    content: html`<p>What was measured, over what the model says of the same point: on the line they are equal. Both axes are logarithmic.</p>
${sideBySide(quantities.map((quantity) => quantityFigure(charts, quantity, result)))}`,
  };
}

function quantityFigure(charts: Charts, quantity: ModelQuantity, result: ScrapeResult): Markup {
  const title = TITLES[quantity.name];
  const option = optionOf(quantity, result.predictions);
  const data = residualTable(quantity, result);
  if (!option) return html`<h3>${title}</h3>\n<p>${quantityText(quantity)}</p>\n${data}`;
  const label = `${title}: measured over modelled`;
  return smallFigure(charts, { title, label, option, data, caption: quantityText(quantity) });
}

/** Nothing can be drawn of a quantity that has no point above zero: axes are logarithmic. */
function optionOf(quantity: ModelQuantity, predictions: readonly ScrapePrediction[]): Record<string, unknown> | null {
  const of = (heldOut: boolean) =>
    quantity.residuals
      .filter((r) => r.heldOut === heldOut && drawable(r.measured) && drawable(r.predicted))
      .map((r) => [r.predicted, r.measured] as const);
  const [fitted, held] = [of(false), of(true)];
  const asked = predictions.map((one) => predicted(quantity.name, one)).filter((one) => one !== null);
  const all = [...fitted, ...held].flat().concat(asked.flatMap(({ low, value, high }) => [low, value, high]));
  if (fitted.length + held.length === 0) return null;
  const [min, max] = [Math.min(...all) / 1.15, Math.max(...all) * 1.15];
  const format = formatOf(quantity);
  const axis = {
    type: 'log',
    logBase: 2,
    min,
    max,
    axisLabel: { ...INSIDE, formatter: format },
  };
  return {
    legend: { ...LEGEND, data: ['fitted', 'held out', ...(asked.length > 0 ? ['predicted, with its interval'] : [])] },
    grid: { top: 56, bottom: 48, left: 70, right: 16 },
    xAxis: below(`by the model, ${quantity.unit}`, axis),
    yAxis: upright(`measured, ${quantity.unit}`, axis),
    series: [
      {
        ...{
          type: 'line',
          data: [
            [min, min],
            [max, max],
          ],
          symbol: 'none',
          silent: true,
        },
        ...{ lineStyle: { color: COLOURS.faint, type: 'dashed', width: 1 } },
      },
      scatter('fitted', fitted, COLOURS.truth, 'circle'),
      scatter('held out', held, COLOURS.prometheus, 'diamond'),
      scatter(
        'predicted, with its interval',
        asked.map(({ value }) => [value, value] as const),
        COLOURS.proxy,
        'triangle',
      ),
      ...asked.map(({ value, low, high }) => ({
        ...{
          type: 'line',
          data: [
            [value, low],
            [value, high],
          ],
          symbol: 'none',
          silent: true,
        },
        ...{ lineStyle: { color: COLOURS.proxy, width: 2 } },
      })),
    ],
  };
}

const drawable = (value: number) => Number.isFinite(value) && value > 0;

function scatter(name: string, data: readonly (readonly [number, number])[], color: string, symbol: string): object {
  return { type: 'scatter', name, data, symbol, symbolSize: symbol === 'circle' ? 8 : 11, itemStyle: { color } };
}

/** Disk is predicted a day, and modelled a sample. */
function predicted(name: ModelQuantity['name'], prediction: ScrapePrediction): Estimate | null {
  const estimates: Partial<Record<ModelQuantity['name'], Estimate>> = {
    cpu: prediction.cpuCores,
    memory: prediction.memoryBytes,
    'scrape-duration': prediction.scrapeDurationMs,
  };
  const one = estimates[name];
  return one && [one.value, one.low, one.high].every(drawable) ? one : null;
}

function formatOf({ name }: ModelQuantity): (value: number) => string {
  if (name === 'memory') return formatBytes;
  return (value) => formatNumber(value, value < 0.1 ? 3 : value < 10 ? 2 : 0);
}

function residualTable(quantity: ModelQuantity, { points }: ScrapeResult): Markup {
  const settings = settingsColumns(points);
  const format = formatOf(quantity);
  const rows = quantity.residuals.flatMap((r) => {
    const point = points[r.point];
    if (!point) return [];
    const cells = [...settings.cells(point), format(r.measured), format(r.predicted), formatChange(r.relative)];
    return [[...cells, r.heldOut ? 'held out' : 'fitted']];
  });
  const columns = settings.columns.map(({ title, align }) => ({
    name: title.charAt(0) + title.slice(1).toLowerCase(),
    number: align === 'right',
  }));
  return table(
    `${TITLES[quantity.name]}, ${quantity.unit}; * is held out of the fit`,
    [
      ...columns,
      { name: 'Measured', number: true },
      { name: 'By the model', number: true },
      { name: 'Off', number: true },
      { name: 'Used' },
    ],
    rows,
  );
}
