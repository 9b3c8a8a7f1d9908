import type { FaultsRecord, Tally, WorldRecord } from '../../matrix/record.ts';
import { formatDuration, formatNumber, plural } from '../format.ts';

/** The score in a line for each kind of world, and the times. */
export function scoreLines({ score, worlds }: FaultsRecord): string[] {
  const { faults, clean, pairs } = score;
  const lines: string[] = [];
  if (faults.worlds > 0) lines.push(`faults  ${of(faults)} right: the cause and its pods, and nothing else`);
  if (clean.worlds > 0) lines.push(`clean   ${of(clean)} right: no diagnosis`);
  if (pairs.worlds > 0) {
    const both = `both named in ${formatNumber(pairs.bothNamed)} of ${formatNumber(pairs.worlds)}`;
    lines.push(`pairs   ${both}; something wrong named in ${formatNumber(pairs.wrongNamed)}`);
  }
  const times = timesOf(worlds);
  if (times) lines.push(`time    from a fault to its diagnosis ${times.all}; the diagnosing itself ${times.ofIt}`);
  return lines;
}

function of({ right, worlds, errors }: Tally): string {
  const broken = errors > 0 ? ` (${plural(errors, 'error')})` : '';
  return `${formatNumber(right)} of ${formatNumber(worlds)}${broken}`;
}

function timesOf(worlds: readonly WorldRecord[]): { all: string; ofIt: string } | null {
  const faults = worlds.filter(({ kind, outcome }) => kind === 'fault' && outcome !== 'error');
  const spread = (values: (number | null)[]) => {
    const known = values.filter((ms) => ms !== null).toSorted((a, b) => a - b);
    if (known.length === 0) return null;
    const median = known[Math.floor((known.length - 1) / 2)]!;
    return `${formatDuration(median)} (longest ${formatDuration(known.at(-1)!)})`;
  };
  const [all, ofIt] = [spread(faults.map((w) => w.faultToDiagnosisMs)), spread(faults.map((w) => w.diagnosingMs))];
  return all && ofIt ? { all, ofIt } : null;
}

const WORD: Record<FaultsRecord['verdict'], string> = { pass: 'PASS', fail: 'FAIL', inconclusive: 'INCONCLUSIVE' };

/** `FAIL: 2 of 120 worlds wrong, 1 error, in 14 min 02 s`. */
export function verdictLine({ verdict, worlds, planned, durationMs }: FaultsRecord): string {
  const count = (outcome: WorldRecord['outcome']) => worlds.filter((world) => world.outcome === outcome).length;
  const [wrong, errors] = [count('wrong'), count('error')];
  const parts = [
    wrong > 0 ? `${formatNumber(wrong)} of ${plural(planned, 'world')} wrong` : '',
    errors > 0 ? plural(errors, 'error') : '',
    worlds.length < planned ? `${formatNumber(planned - worlds.length)} of ${plural(planned, 'world')} not run` : '',
  ].filter(Boolean);
  if (parts.length === 0) parts.push(planned === 0 ? 'no world was run' : `all ${plural(planned, 'world')} right`);
  return `${WORD[verdict]}: ${parts.join(', ')}, in ${formatDuration(durationMs)}`;
}
