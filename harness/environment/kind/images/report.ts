/** How long ago that was (performance.now()), for a line to the user. */
export function seconds(from: number): string {
  return `${((performance.now() - from) / 1000).toFixed(1)} s`;
}
