import type { Charts } from './charts.ts';
import { figure, scrolling } from './figure.ts';
import { type Content, html, type Markup } from './markup.ts';
import { chartOption } from './plots.ts';

/** Units of an SVG across the page, and of one of two beside each other; pages scale both. */
export const WIDTH = 880;
export const SMALL = { width: 460, height: 300 };

/** For pages with wide figures: on a narrow screen they scroll by themselves, since their text would be too small to read. */
export const PLOT_STYLE = `
@media screen { .wide svg { min-width: 44rem; } }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem 1rem; }
.facts dt { color: var(--faint); } .facts dd { grid-column: 2; margin: 0; overflow-wrap: anywhere; }
.short { white-space: nowrap; }
.lead ul { font-size: .95rem; }
code { overflow-wrap: anywhere; }
@media screen { td:has(> code) { min-width: 9rem; } }
`;

export interface Plot {
  title: string;
  /** What the picture shows, in one sentence. */
  label: string;
  /** Of the chart library. */
  option: Record<string, unknown>;
  caption?: Content;
  /** The same as a table. */
  data: Markup;
}

/** A figure as wide as the page. */
export function wideFigure(charts: Charts, { height, label, option, ...rest }: Plot & { height: number }): Markup {
  const svg = charts.draw(chartOption(option), { width: WIDTH, height }, label);
  return figure({ ...rest, picture: scrolling(label, svg, 'wide') });
}

/** A figure that stands beside another of its kind where there is room; in `sideBySide`. */
export function smallFigure(charts: Charts, { label, option, ...rest }: Plot): Markup {
  return figure({ ...rest, picture: charts.draw(chartOption(option), SMALL, label) });
}

export function sideBySide(figures: readonly Content[]): Markup {
  return html`<div class="charts">${figures}</div>\n`;
}
