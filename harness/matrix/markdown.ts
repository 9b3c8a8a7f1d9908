import { scoreLines, verdictLine } from '../report/faults/summary.ts';
import { formatDuration } from '../report/format.ts';
import { escapeMarkdown } from '../report/markdown-text.ts';
import { environmentLine } from '../report/summary.ts';
import type { FaultsRecord, Outcome, WorldRecord } from './record.ts';

const MARK: Record<Outcome, string> = { right: '✅ right', wrong: '❌ wrong', error: '⚠️ error' };
/** Names of pods in one cell. */
const MAX_PODS = 3;

/** The score for the summary page of a CI job. The first line says the verdict. */
export function renderFaultsMarkdown(record: FaultsRecord): string {
  const { worlds, seed, repeat, error } = record;
  const of = (kind: WorldRecord['kind']) => worlds.filter((world) => world.kind === kind);
  const settings = `${environmentLine(record)}, seed ${seed}, ${repeat} of each`;
  const lines = [
    `# ${escapeMarkdown(verdictLine(record))}`,
    '',
    escapeMarkdown(settings),
    '',
    ...scoreLines(record).map((line) => `- ${escapeMarkdown(line)}`),
    '',
  ];
  if (error) lines.push(`> **error ${escapeMarkdown(error.code)}**: ${escapeMarkdown(error.message)}`, '');
  lines.push(...section('Faults', of('fault')), ...section('Pairs', of('pair')));
  lines.push(
    ...section(
      'Clean worlds that are not',
      of('clean').filter(({ outcome }) => outcome !== 'right'),
    ),
  );
  return `${lines.join('\n').trimEnd()}\n`;
}

const HEAD = ['World', 'Injected', 'Diagnosed', 'Result', 'After', 'Of it'];

function section(title: string, worlds: WorldRecord[]): string[] {
  if (worlds.length === 0) return [];
  const row = (cells: string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  const why = worlds.filter((world) => world.why !== '');
  return [
    `## ${title}`,
    '',
    row(HEAD),
    `| ${HEAD.map(() => '---').join(' | ')} |`,
    ...worlds.map((world) =>
      row([
        world.name,
        world.injected.join('; '),
        world.diagnosed.map(({ causes, pods }) => `${causes.join(' or ')}${podsText(pods)}`).join('; ') || 'nothing',
        MARK[world.outcome],
        time(world.faultToDiagnosisMs),
        time(world.diagnosingMs),
      ]),
    ),
    '',
    ...why.map((world) => `- **${escapeMarkdown(world.name)}**: ${escapeMarkdown(world.why)}`),
    ...(why.length > 0 ? [''] : []),
  ];
}

function podsText(pods: readonly string[]): string {
  if (pods.length === 0) return '';
  const more = pods.length > MAX_PODS ? ` and ${pods.length - MAX_PODS} more` : '';
  return ` (${pods.slice(0, MAX_PODS).join(', ')}${more})`;
}

function time(ms: number | null): string {
  return ms === null ? '' : formatDuration(ms);
}
