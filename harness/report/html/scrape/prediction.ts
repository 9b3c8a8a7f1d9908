import type { Estimate, ScrapePrediction } from '../../../result/bench/types.ts';
import { predictionBlocks } from '../../bench/scrape.ts';
import { formatBytes, formatCores, formatInterval } from '../../bench/units.ts';
import { formatMs, formatNumber, formatPercent } from '../../format.ts';
import { table } from '../figure.ts';
import { html, type Markup } from '../markup.ts';

/** What a mesh that nobody measured will take, each with its interval; where that is extrapolated stands right below. */
export function predictionPart(prediction: ScrapePrediction): Markup {
  const [title] = predictionBlocks(prediction);
  const { cpuCores, memoryBytes, diskBytesPerDay, scrapeDurationMs, seriesPerPod, samplesPerSecond, asked } =
    prediction;
  const row = (what: string, estimate: Estimate, format: (value: number) => string) => [
    what,
    html`<strong>${format(estimate.value)}</strong>`,
    formatInterval(estimate, format),
  ];
  const level = formatPercent(cpuCores.level, 0);
  return html`<h3>${title?.kind === 'title' && title.text.replace(/^Predicted: /, '')}</h3>
${table(
  `What Prometheus takes for ${formatNumber(seriesPerPod)} series a pod, ${formatNumber(seriesPerPod * asked.pods)} in all, ${formatNumber(samplesPerSecond)} samples per second`,
  [{ name: '' }, { name: 'Predicted', number: true }, { name: `With ${level} between`, number: true }],
  [
    row('CPU', cpuCores, formatCores),
    row('Memory', memoryBytes, formatBytes),
    row('Disk, a day', diskBytesPerDay, formatBytes),
    row('A scrape takes', scrapeDurationMs, formatMs),
  ],
)}
${missed(prediction)}${extrapolated(prediction)}`;
}

function missed({ missed: all }: ScrapePrediction): Markup {
  if (all.length === 0) return html`<p>No target would be missed.</p>\n`;
  return html`<h4>Missed</h4>
<ul>${all.map(({ targets, why }) => html`<li>${targets}: ${why}</li>\n`)}</ul>\n`;
}

function extrapolated({ extrapolates }: ScrapePrediction): Markup | null {
  if (extrapolates.length === 0) return null;
  return html`<h4>Extrapolated: beyond what was measured</h4>
<ul>${extrapolates.map((sentence) => html`<li>${sentence}</li>\n`)}</ul>\n`;
}
