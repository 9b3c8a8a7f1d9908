import type { MicroBench, MicroResult } from '../../result/bench/types.ts';
import type { Stand } from './against-baseline.ts';

/** The result as a table for people, with its standing to the baseline. */
export function tableOf({ benches }: MicroResult, stands: readonly Stand[]): string {
  const known = new Map(stands.map((s) => [s.row.what, s]));
  const header = ['benchmark', 'median', 'per unit', 'x yardstick', 'baseline', ''];
  const rows = benches.map((b) => rowOf(b, known.get(b.name)));
  const gone = stands
    .filter((s) => s.standing === 'gone')
    .map(({ row }) => [row.what, '', '', '', times(row.a!), 'gone']);
  const all = [header, ...rows, ...gone];
  const widths = header.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  return all
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function rowOf(bench: MicroBench, stand: Stand | undefined): string[] {
  const { ratio } = bench;
  const half = (ratio.high - ratio.low) / 2 / ratio.value;
  return [
    bench.name,
    duration(bench.medianMs),
    `${duration(bench.medianMs / bench.unitsPerRun)} / ${bench.unit}`,
    `${times(ratio.value)} +-${(100 * half).toFixed(0)}%`,
    stand?.row.a == null ? '' : times(stand.row.a),
    verdictOf(stand),
  ];
}

function verdictOf(stand: Stand | undefined): string {
  if (!stand) return '';
  const { change } = stand.row;
  const percent = change === null ? '' : ` ${change > 0 ? '+' : ''}${(100 * change).toFixed(0)}%`;
  if (stand.standing !== 'slower' && stand.standing !== 'faster') return stand.standing;
  return `${stand.standing}${percent}${stand.regressed ? ' !' : ''}`;
}

const times = (x: number): string => (x < 10 ? x.toPrecision(3) : x.toFixed(1));

function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 1) return `${ms.toFixed(2)} ms`;
  return ms >= 0.001 ? `${(ms * 1000).toFixed(2)} us` : `${(ms * 1e6).toFixed(1)} ns`;
}
