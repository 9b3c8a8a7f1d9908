import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CAUSE_IDS, type CauseGroup, groupOf } from '../causes/ids.ts';
import { CATALOGUE } from '../causes/index.ts';
import { forControlPlane } from '../causes/placeholders.ts';
import type { Cause } from '../causes/types.ts';
import { makeDirs } from '../core/make-dirs.ts';
import { ALL_CASES } from './cases/index.ts';
import { drawnParts } from './drawn.ts';
import { injectedLines } from './injected.ts';
import { loadBases } from './load.ts';
import type { Bases } from './plan.ts';
import type { FaultCase } from './types.ts';

/**
 * docs/causes/: a page for each cause and an index, made from the catalogue and from the cases of the matrix.
 * `npx node harness/matrix/pages.ts --update` writes them; a test compares.
 */
export const PAGES = fileURLToPath(new URL('../../docs/causes/', import.meta.url));

/** Pages speak of a mesh as most people have it. */
const USUAL_CONTROL_PLANE = 'linkerd';

const GROUPS: Record<CauseGroup, string> = {
  discovery: 'Prometheus does not find a target',
  scrapes: 'It finds the target, and does not read what the proxy says',
  proxies: 'The proxy does not see, or does not say what people take it to say',
  queries: 'The query misleads',
};
const KINDS: Record<Cause['kind'], string> = {
  fault: 'Wrong by itself: named whenever the evidence shows it.',
  reading: 'As designed, but not what people take it for: named to explain a comparison that failed.',
};

/** Every page by the name of its file. */
export async function causePages(): Promise<Map<string, string>> {
  const bases = await loadBases(ALL_CASES);
  const pages = new Map([['README.md', indexPage()]]);
  for (const cause of CATALOGUE) pages.set(`${cause.id}.md`, causePage(cause, bases));
  return pages;
}

function indexPage(): string {
  const groups = Object.keys(CAUSE_IDS) as CauseGroup[];
  return `# Why telemetry is wrong

When what Prometheus says is not what is true, meshproof says why: it reads Prometheus, the Kubernetes API and the proxies'
own pages, and names one of these causes, the pods that it concerns, what shows it, and what to do. Each has a scenario that
provokes it, and \`meshproof faults\` runs them all, with what can be drawn at random drawn anew, and checks that each is named,
of the right pods, and nothing else.

These pages are made from the catalogue (harness/causes/) and the cases of the matrix (harness/matrix/cases/):
\`npx node harness/matrix/pages.ts --update\`.
${groups.map(indexSection).join('')}`;
}

function indexSection(group: CauseGroup): string {
  const causes = CATALOGUE.filter(({ id }) => groupOf(id) === group);
  const rows = causes.map(({ id, title, kind }) => `| [${id}](${id}.md) | ${title} | ${kind} |`);
  return `\n## ${GROUPS[group]}\n\n| cause | | kind |\n|---|---|---|\n${rows.join('\n')}\n`;
}

function causePage(cause: Cause, bases: Bases): string {
  const cases = ALL_CASES.filter((one) => one.cause === cause.id);
  const sections = [
    `# ${cause.title}`,
    `\`${cause.id}\`. ${GROUPS[groupOf(cause.id)]}. ${KINDS[cause.kind]}`,
    `## Symptom\n\n${prose(cause.symptom)}`,
    `## Evidence\n\n${list(cause.evidence)}\n\nThe question that decides: ${prose(cause.question)}`,
    `## Reason\n\n${prose(cause.reason)}`,
    `## Remedy\n\n${list(cause.remedy.map((text) => forControlPlane(text, USUAL_CONTROL_PLANE)))}`,
  ];
  if (cause.looksLike.length > 0) {
    const others = cause.looksLike.map(({ cause: id, toldApartBy }) => `[${titleOf(id)}](${id}.md): ${toldApartBy}`);
    sections.push(`## What looks like it\n\n${list(others)}`);
  }
  sections.push(`## Reproduce it\n\n${cases.map((one) => caseText(one, bases)).join('\n\n')}`);
  return `${sections.join('\n\n')}\n`;
}

function titleOf(id: string): string {
  return CATALOGUE.find((cause) => cause.id === id)?.title ?? id;
}

const COMMAND = /^(?:kubectl|linkerd|curl|promtool|helm|openssl|step|chronyc|timedatectl|meshproof) /;

/** An entry's further lines are configuration or commands, to be pasted; one that begins with a command is one. */
function list(entries: readonly string[]): string {
  return entries
    .map((entry) => {
      const [first = '', ...more] = entry.split('\n');
      if (COMMAND.test(first)) return `- ${code([first, ...more])}`;
      return `- ${prose(first)}${more.length > 0 ? `\n\n  ${code(more)}` : ''}`;
    })
    .join('\n');
}

function code(lines: readonly string[]): string {
  return ['```', ...lines, '```'].join('\n  ');
}

/** Text in which no placeholder is taken for HTML; code in back-quotes stays as it is. */
function prose(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;')))
    .join('')
    .replaceAll(/\bfacts, section/g, '[facts](../linkerd-telemetry.md), section');
}

function caseText(one: FaultCase, bases: Bases): string {
  const scenario = bases.ofCase(one);
  const file = `scenarios/faults/${one.name}.yaml`;
  const drawn = drawnParts(one, bases);
  const injected = injectedLines(scenario).map((line) => `- \`${line.replaceAll('`', "'")}\``);
  return [
    `[${file}](../../${file}): ${scenario.description}`,
    ...(injected.length > 0 ? [injected.join('\n')] : []),
    `\`\`\`\nmeshproof run ${file}\nmeshproof faults ${one.name}\n\`\`\``,
    drawn.length > 0
      ? `\`meshproof faults\` draws at random: ${drawn.join(', ')}.`
      : '`meshproof faults` runs it as it is: nothing in it can be drawn.',
  ].join('\n\n');
}

/** Writes the pages, and takes away those of causes that are no more. */
async function update(): Promise<void> {
  const pages = await causePages();
  makeDirs(PAGES);
  for (const name of readdirSync(PAGES)) if (!pages.has(name)) rmSync(join(PAGES, name));
  for (const [name, text] of pages) writeFileSync(join(PAGES, name), text);
}

/** Whether the pages are as they would be written: those that differ. */
export async function outdatedPages(): Promise<string[]> {
  const pages = await causePages();
  const there = new Set(readdirSync(PAGES));
  const wrong = [...pages].filter(
    ([name, text]) => !there.has(name) || readFileSync(join(PAGES, name), 'utf8') !== text,
  );
  return [...wrong.map(([name]) => name), ...[...there].filter((name) => !pages.has(name))].toSorted();
}

if (import.meta.main) {
  if (process.argv.includes('--update')) await update();
  const outdated = await outdatedPages();
  if (outdated.length > 0) console.log(`outdated: ${outdated.join(', ')}`);
  process.exitCode = outdated.length > 0 ? 1 : 0;
}
