import type { ScrapeResult } from '../../result/bench/types.ts';
import { errorBlocks } from '../bench/capacity.ts';
import { scrapeConditions, scrapeHeadline, sweepBlocks } from '../bench/scrape.ts';
import { plural } from '../format.ts';
import { blocksToHtml, pageMood } from './blocks.ts';
import { loadCharts } from './charts.ts';
import { momentText } from './links.ts';
import { html } from './markup.ts';
import { renderPage, type Section } from './page.ts';
import { PLOT_STYLE } from './plotted.ts';
import { accuracySection } from './scrape/accuracy.ts';
import { familySection } from './scrape/families.ts';
import { modelSection } from './scrape/model.ts';
import { predictionPart } from './scrape/prediction.ts';

/** What `meshproof bench scrape` found, as a page: predictions, the model with its points, the sweep, accuracy, families. */
export async function renderScrapeHtml(result: ScrapeResult): Promise<string> {
  const { text, mood } = scrapeHeadline(result);
  const { points, predictions, model, accuracy, families } = result;
  const charts = model || accuracy.length > 0 || families.length > 0 ? await loadCharts() : null;
  const sections: (Section | null)[] = [
    predictions.length > 0 ? { id: 'predicted', title: 'Predicted', content: predictions.map(predictionPart) } : null,
    charts && modelSection(charts, result),
    points.length > 0 ? sweepSection(result) : null,
    charts && accuracySection(charts, accuracy),
    charts && familySection(charts, families),
  ];
  return renderPage({
    style: PLOT_STYLE,
    title: 'What it takes to scrape the mesh',
    subtitle: `${momentText(result.startedAt)}; ${scrapeConditions(result)}`,
    mood: pageMood(mood),
    lead: html`<p><strong>${text}</strong></p>
${result.error && blocksToHtml(errorBlocks(result.error))}`,
    sections: sections.filter((section) => section !== null),
  });
}

function sweepSection({ points, plan, model }: ScrapeResult): Section {
  const none = !model && html`<p>No model: it needs more points, or points that differ more.</p>`;
  return {
    id: 'sweep',
    title: `Measured: ${plural(points.length, 'point')} of ${plan.points.length}`,
    content: [blocksToHtml(sweepBlocks(points)), none],
  };
}
