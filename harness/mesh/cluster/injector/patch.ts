import type { Patch } from './inject.ts';

/** The object with the additions, itself untouched: for pods that no API server patches, the control plane's own. */
export function applyPatch<T extends object>(object: T, patch: Patch): T {
  const copy = structuredClone(object);
  for (const { path, value } of patch) {
    const keys = path
      .slice(1)
      .split('/')
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop() as string;
    let parent = copy as Record<string, unknown>;
    for (const key of keys) parent = parent[key] as Record<string, unknown>;
    if (!Array.isArray(parent)) parent[last] = value;
    else if (last === '-') parent.push(value);
    else parent.splice(Number(last), 0, value);
  }
  return copy;
}
