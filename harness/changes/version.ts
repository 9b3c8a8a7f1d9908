/** `v2.366.0`, `stable-2.14.10`, `version-2.20`, `edge-26.8.3`, `3.0.0` as numbers; null: it is no version. */
export function parseVersion(version: string): { edge: boolean; parts: number[] } | null {
  const found = /^(edge-|[a-z]+-|v)?(\d+(?:\.\d+)*)/.exec(version.trim().toLowerCase());
  if (!found) return null;
  return { edge: found[1] === 'edge-', parts: found[2]!.split('.').map(Number) };
}

/** Numerically, part by part; parts that are missing are 0, and so is what is no version. Below 0: `a` is the older. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function partsOf(version: string): number[] {
  return parseVersion(version)?.parts ?? [];
}
