import type { CapacityResult, CapacitySide } from '../../result/bench/types.ts';
import {
  capacityConditions,
  capacityHeadline,
  errorBlocks,
  mainSide,
  priceBlocks,
  sidesBlocks,
  uncountedBlocks,
} from '../bench/capacity.ts';
import { formatEstimate, formatRate } from '../bench/units.ts';
import { blocksToHtml, pageMood } from './blocks.ts';
import { bothSidesFigure } from './capacity/both-sides.ts';
import { curveFigure } from './capacity/curve.ts';
import { pointsCount } from './capacity/points.ts';
import { searchFigure } from './capacity/search.ts';
import { usageFigure } from './capacity/usage.ts';
import { type Charts, loadCharts } from './charts.ts';
import { momentText } from './links.ts';
import { html } from './markup.ts';
import { renderPage, type Section } from './page.ts';
import { PLOT_STYLE } from './plotted.ts';

/**
 * What `meshproof bench capacity` found, as a page: what is carried, the curve, the search, the price of the mesh.
 */
export async function renderCapacityHtml(result: CapacityResult): Promise<string> {
  const { text, mood } = capacityHeadline(result, result.atLeast ?? null);
  const measured = result.sides.filter(({ points }) => points.length > 0);
  const charts = measured.length > 0 ? await loadCharts() : null;
  return renderPage({
    style: PLOT_STYLE,
    title: titleOf(result),
    subtitle: `${momentText(result.startedAt)}; ${capacityConditions(result)}`,
    mood: pageMood(mood),
    lead: html`<p><strong>${text}</strong></p>
${result.error && blocksToHtml(errorBlocks(result.error))}`,
    sections: [
      {
        id: 'found',
        title: 'What was found',
        content: blocksToHtml(sidesBlocks(result), 'The capacity of each side, with the interval that holds it'),
      },
      ...(charts ? measured.map((side) => sideSection(charts, side, result)) : []),
      ...(charts ? priceSections(charts, result) : []),
      ...uncountedSections(result),
    ],
  });
}

/** With the number that everybody looks for. */
function titleOf(result: CapacityResult): string {
  const capacity = mainSide(result)?.capacity;
  const found = capacity ? formatEstimate(capacity, formatRate) : 'not found';
  return `Capacity of ${result.scenario}: ${found}`;
}

function sideSection(charts: Charts, side: CapacitySide, result: CapacityResult): Section {
  return {
    id: side.side,
    title: side.side === 'meshed' ? 'With the mesh' : 'Without the mesh',
    content: [curveFigure(charts, side, result.objectives), searchFigure(charts, side), usageFigure(charts, side)],
  };
}

function priceSections(charts: Charts, result: CapacityResult): Section[] {
  const both = result.sides.filter(({ points }) => pointsCount(points)).length > 1;
  if (!result.price && !both) return [];
  // The section has the title already.
  const blocks = result.price ? priceBlocks(result.price).slice(1) : [];
  return [
    {
      id: 'price',
      title: 'The price of the mesh',
      content: [blocksToHtml(blocks, 'Both at the same rate'), both && bothSidesFigure(charts, result)],
    },
  ];
}

function uncountedSections(result: CapacityResult): Section[] {
  const [title, ...rest] = uncountedBlocks(result);
  return title?.kind === 'title' ? [{ id: 'uncounted', title: title.text, content: blocksToHtml(rest) }] : [];
}
