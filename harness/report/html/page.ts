import { type Content, html } from './markup.ts';
import { THEME } from './theme.ts';

export interface Page {
  /** Of the tab, and of the page. */
  title: string;
  /** Under the title: when, where, with what. */
  subtitle: Content;
  /** `good`: a pass, a go. It colours the head. */
  mood: 'good' | 'bad' | 'unsure' | 'none';
  /** The verdict, first of all. */
  lead: Content;
  /** Sections in order; those with a title are linked from the head when there are several. */
  sections: readonly Section[];
  /** CSS beside the theme's, of what only this kind of page has. */
  style?: string;
}

export interface Section {
  /** Unique on the page; letters, digits, dashes. */
  id: string;
  title: string;
  content: Content;
}

/** Nothing may be run or fetched: the file is to work from a mail attachment, and whatever it shows came from outside. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** A whole page, complete in itself. */
export function renderPage({ title, subtitle, mood, lead, sections, style = '' }: Page): string {
  const links = sections.length > 1 && html`<nav aria-label="Sections"><ul>${sections.map(link)}</ul></nav>`;
  const page = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="meshproof">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>`;
  return `${page}${THEME}${style}${html`</style>
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header class="${mood}">
<h1>${title}</h1>
<p class="subtitle">${subtitle}</p>
<div class="lead">${lead}</div>
${links}
</header>
<main id="main">
${sections.map(({ id, title, content }) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>\n${content}</section>\n`)}
</main>
<footer><p>Made by meshproof. This file is complete in itself: it fetches nothing and runs nothing.</p></footer>
</body>
</html>
`}`;
}

function link({ id, title }: Section): Content {
  return html`<li><a href="#${id}">${title}</a></li>`;
}
