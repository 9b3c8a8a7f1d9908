/** The candidate that was probably meant, or null: at most a third of the letters differ. */
export function suggest(written: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  const lower = written.toLowerCase();
  if (lower.length > 100) return null;
  for (const candidate of candidates) {
    const allowed = Math.max(1, Math.floor(Math.max(candidate.length, lower.length) / 3));
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance <= allowed && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** A hint that names what was probably meant, else all there is. */
export function didYouMean(written: string, candidates: readonly string[]): string {
  const meant = suggest(written, candidates);
  if (meant !== null) return `did you mean \`${meant}\`?`;
  if (candidates.length === 0) return '';
  const shown = candidates.slice(0, 20);
  return `there is ${shown.join(', ')}${candidates.length > shown.length ? ', …' : ''}`;
}

/** Levenshtein's distance in which swapping two neighbours counts once. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let d = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, beforeLast[j - 2]! + 1);
      row.push(d);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
