import { type ErrorCode, errorCodes } from './error-codes.ts';
import { REASONS } from './reasons.ts';
import { sources } from './scan.ts';
import { cell, GENERATED } from './text.ts';

/** Where errors come from, in the order of the page; the first that covers a file counts. */
const AREAS: [title: string, ...paths: string[]][] = [
  ['The command line', 'harness/cli/'],
  ['Scenario files', 'harness/scenario/'],
  ['Programs: k6, Prometheus, kind, linkerd', 'harness/tools/'],
  ['The simulated mesh on this machine', 'harness/environment/local/', 'sim-services/'],
  ['A cluster', 'harness/environment/kind/', 'harness/environment/kubernetes/'],
  ['Any environment', 'harness/environment/', 'harness/faults/'],
  ['Traffic', 'harness/load/'],
  ['Prometheus', 'harness/prometheus/'],
  [
    'Ledgers, evidence and runs',
    'harness/ledger/',
    'harness/evidence/',
    'harness/run.ts',
    'harness/run/',
    'harness/verdict/',
  ],
  ['Results and reports', 'harness/result/', 'harness/report/'],
  ['`meshproof faults`', 'harness/matrix/'],
  ['`meshproof doctor`', 'harness/doctor/'],
  ['`meshproof upgrade`', 'harness/upgrade/', 'harness/changes/'],
  ['`meshproof bench`', 'harness/bench/'],
  ['Inside the simulated mesh', 'harness/mesh/'],
  ['Everywhere', 'harness/core/'],
];

const EXITS: Record<string, string> = {
  invalidInput: '2',
  environment: '4',
  interrupted: '130',
  inconclusive: '3',
  fail: '1',
};

/** What the product throws, code by code. */
export function allErrorCodes(): ErrorCode[] {
  return errorCodes(sources('harness/', 'sim-services/').filter(({ path }) => !path.startsWith('harness/docs/')));
}

/** docs/reference/errors.md. */
export function errorReference(): string {
  const all = allErrorCodes();
  const areaOf = (code: ErrorCode) =>
    AREAS.find(([, ...paths]) => paths.some((path) => code.path.startsWith(path)))?.[0];
  const left = all.filter((code) => areaOf(code) === undefined);
  if (left.length > 0) throw new Error(`no area for ${left.map(({ code, path }) => `${code} (${path})`).join(', ')}`);
  return `# Errors and reasons

${GENERATED}

## Why a scenario did not pass

\`reasons\` in \`result.json\` have these codes. A fail outweighs an inconclusive. A [cause](../causes/README.md) says why in the terms of
whoever operates the mesh; a reason says which comparison it was. [bounds.md](../bounds.md) derives each.

| code | verdict | |
|---|---|---|
${Object.entries(REASONS)
  .map(([code, { verdict, meaning }]) => `| \`${code}\` | ${verdict} | ${cell(meaning)} |`)
  .join('\n')}

## Errors

An error ends a command (or one scenario of a run), and is printed as \`error CODE: message\` with a hint below. Messages are as in the
code, \`...\` where something is filled in; the last column is the exit code. \`MESHPROOF_DEBUG=1\` shows where an error arose.
${AREAS.map(([title]) =>
  areaText(
    title,
    all.filter((code) => areaOf(code) === title),
  ),
).join('')}`;
}

function areaText(title: string, found: readonly ErrorCode[]): string {
  if (found.length === 0) return '';
  const rows = found
    .toSorted((a, b) => a.code.localeCompare(b.code, 'en'))
    .map(({ code, messages, hints, exits }) => {
      const codes = [...new Set(exits.map((exit) => EXITS[exit] ?? exit))].join(', ');
      return `| \`${code}\` | ${list(messages)} | ${list(hints)} | ${codes} |`;
    });
  return `\n### ${title}\n\n| code | what is wrong | what to do | |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

function list(texts: readonly string[]): string {
  return texts.map(cell).join('<br>');
}
