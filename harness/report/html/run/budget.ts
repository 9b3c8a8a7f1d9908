import type { Markup } from '../markup.ts';

/**
 * What a page of a run may be: small enough to be mailed (docs/reports.md says 1 MB, which is a little more than this), and made
 * in less than a second. What it has no room for is left out piece by piece, the least telling first.
 */
export const PAGE_BYTES = 970_000;
export const PAGE_CHARTS = 200;

/** A part of a page that it can do without. */
export interface Piece {
  /** Of its scenario, in the record. */
  scenario: number;
  kind: 'trouble' | 'tables' | 'flow' | 'latency' | 'queries' | 'configuration' | 'details';
  /** What matters more has a lower one. */
  rank: number;
  draw(): Markup;
}

/** What was drawn, what matters most first. */
export type Drawn = ReadonlyMap<Piece, Markup>;

/** Ranks of pieces: what is wrong first, then one side of everything, the other sides last. */
export const RANK = {
  trouble: 0,
  tablesOfWrong: 1,
  wrongEdge: 2,
  tables: 3,
  moreOfWrong: 4,
  chartsOfWrong: 5,
  charts: 6,
  more: 7,
  otherSide: 8,
} as const;

const isChart = ({ kind }: Piece) => kind === 'flow' || kind === 'latency';

/**
 * Draws as much as there is room for: by rank, and within a rank by turns, so that no scenario takes the room of the others.
 * @param bytes room for all of them
 * @param charts as many charts at most
 */
export function drawWithin(pieces: readonly Piece[], bytes: number, charts = PAGE_CHARTS): Drawn {
  const turns = new Map<string, number>();
  const inTurn = pieces.map((piece) => {
    const own = `${piece.scenario} ${piece.rank}`;
    const turn = turns.get(own) ?? 0;
    turns.set(own, turn + 1);
    return { piece, turn };
  });
  inTurn.sort((a, b) => a.piece.rank - b.piece.rank || a.turn - b.turn || a.piece.scenario - b.piece.scenario);
  const drawn = new Map<Piece, Markup>();
  let [left, chartsLeft] = [bytes, charts];
  // Of charts, the next is as large as the last: once one had no room there is none for the others.
  let roomForCharts = true;
  for (const { piece } of inTurn) {
    const chart = isChart(piece);
    if (left <= 0 || (chart && (!roomForCharts || chartsLeft <= 0))) continue;
    const markup = piece.draw();
    const size = Buffer.byteLength(markup.text);
    if (size > left) {
      if (chart) roomForCharts = false;
      continue;
    }
    left -= size;
    if (chart) chartsLeft -= 1;
    drawn.set(piece, markup);
  }
  return drawn;
}

/** Without the last of what was drawn, as much of it as makes up so many bytes. */
export function without(drawn: Drawn, bytes: number): Drawn {
  const kept = [...drawn];
  for (let less = 0; less < bytes && kept.length > 0; ) less += Buffer.byteLength(kept.pop()![1].text);
  return new Map(kept);
}
