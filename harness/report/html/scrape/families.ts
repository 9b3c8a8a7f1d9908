import type { FamilyCost } from '../../../result/bench/types.ts';
import { formatBytes, formatCores } from '../../bench/units.ts';
import { formatNumber, formatPercent, plural } from '../../format.ts';
import { type Charts, COLOURS } from '../charts.ts';
import { folded, table } from '../figure.ts';
import { html, type Markup } from '../markup.ts';
import type { Section } from '../page.ts';
import { below, LEGEND, shortLabel } from '../plots.ts';
import { wideFigure } from '../plotted.ts';

/** Bars; the table has all. */
const MAX_BARS = 20;
/** Families that are offered with what to paste. */
const MAX_DROPS = 12;
const KINDS = [
  { name: 'something known needs it', needed: true, color: COLOURS.truth },
  { name: 'nothing known needs it', needed: false, color: COLOURS.prometheus },
] as const;

/** What each family of metrics costs, what needs it, and how to drop it. */
export function familySection(charts: Charts, families: readonly FamilyCost[]): Section | null {
  if (families.length === 0) return null;
  const shown = families.slice(0, MAX_BARS);
  return {
    id: 'families',
    title: 'What each family costs',
    content: [
      wideFigure(charts, {
        title: `The ${plural(shown.length, 'most expensive family', 'most expensive families')}, by their share of all series`,
        label: 'Share of all series by family',
        option: option(shown),
        height: 90 + 20 * shown.length,
        caption: 'CPU and memory in the table: of Prometheus, per 1,000 pods, by the model.',
        data: familyTable(families),
      }),
      drops(families),
    ],
  };
}

function option(families: readonly FamilyCost[]): Record<string, unknown> {
  return {
    legend: { ...LEGEND, data: KINDS.map(({ name }) => name) },
    grid: { top: 40, bottom: 44, left: 370, right: 56 },
    xAxis: below('share of the series of a proxy', {
      axisLabel: { formatter: (value: number) => formatPercent(value, 0) },
    }),
    yAxis: {
      ...{ type: 'category', inverse: true, data: families.map(({ family }) => shortLabel(family, 54)) },
      ...{ axisTick: { show: false }, axisLabel: { color: COLOURS.ink, interval: 0 } },
    },
    series: KINDS.map(({ name, needed, color }) => ({
      ...{ type: 'bar', name, stack: 'share', barMaxWidth: 14, itemStyle: { color } },
      label: {
        ...{ show: true, position: 'right', color: COLOURS.faint },
        formatter: ({ value }: { value: number | null }) => (value === null ? '' : formatPercent(value, 1)),
      },
      data: families.map((f) => (f.neededBy.length > 0 === needed ? f.share : null)),
    })),
  };
}

function familyTable(families: readonly FamilyCost[]): Markup {
  const number = (name: string) => ({ name, number: true });
  return table(
    'Every family, the most expensive first; CPU and memory per 1,000 pods',
    [{ name: 'Family' }, ...['Series', 'Share', 'CPU', 'Memory'].map(number), { name: 'Needed by' }],
    families.map((f) => [
      html`<code>${f.family}</code>`,
      formatNumber(f.seriesPerTarget),
      formatPercent(f.share, 1),
      f.cpuCores === null ? 'n/a' : formatCores(f.cpuCores),
      f.memoryBytes === null ? 'n/a' : formatBytes(f.memoryBytes),
      f.neededBy.join(', ') || 'nothing',
    ]),
  );
}

/** What drops each of those that no common query needs, to be pasted. */
function drops(families: readonly FamilyCost[]): Markup | null {
  const unneeded = families.filter(({ neededBy }) => neededBy.length === 0);
  if (unneeded.length === 0) return null;
  const share = unneeded.reduce((sum, f) => sum + f.share, 0);
  const more = unneeded.length - MAX_DROPS;
  return html`<h3>To drop what no common query needs</h3>
<p>${plural(unneeded.length, 'family', 'families')}, ${formatPercent(share, 0)} of all series. Each with what is lost, and what to paste:</p>
${unneeded
  .slice(0, MAX_DROPS)
  .map((f) =>
    folded(
      html`<code>${f.family}</code>, ${formatPercent(f.share, 1)}`,
      html`<p>${f.loses}</p>\n<pre><code>${f.drop.trimEnd()}</code></pre>`,
    ),
  )}${more > 0 && html`<p>… and ${plural(more, 'family', 'families')} more in scrape.json.</p>`}`;
}
