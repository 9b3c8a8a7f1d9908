import type { Path } from './error.ts';
import { lookUp } from './explain.ts';
import { API_VERSION, KIND, type ScenarioFile, scenarioFile } from './schema/file.ts';

/**
 * What is left of a file when its invalid parts are taken out, so that problems between its parts are reported in the
 * same go as those within them.
 */
export interface Remainder {
  file: ScenarioFile;
  complete: Completeness;
  /** Nothing was taken out of what stands at a path in what is left. */
  isWhole(path: Path): boolean;
  /** From a path in what is left to the path in the file: taking out elements moves those behind. */
  original(path: Path): Path;
}

/** What was not touched by taking out invalid parts. */
export interface Completeness {
  /** The services and their names. */
  services: boolean;
  /** Their routes and calls. */
  routes: boolean;
  replicas: boolean;
  /** What each speaks. */
  protocols: boolean;
  traffic: boolean;
  routing: boolean;
  policies: boolean;
}

/** Of a file in which nothing was taken out. */
export const EVERYTHING: Completeness = {
  services: true,
  routes: true,
  replicas: true,
  protocols: true,
  traffic: true,
  routing: true,
  policies: true,
};

const ROOT_FALLBACK: Record<string, unknown> = {
  apiVersion: API_VERSION,
  kind: KIND,
  metadata: { name: 'unnamed' },
  services: [],
  traffic: [],
};
const MAX_ROUNDS = 12;

/** Takes out invalid parts until the schema accepts the rest; null when too little is left. */
export function recover(value: unknown): Remainder | null {
  const indices = new WeakMap<unknown[], number[]>();
  const root = copy(value, indices);
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return null;
  const original = (path: Path) => originalPath(root, path, indices);
  const removed: Path[] = [];

  for (let round = 0; round < MAX_ROUNDS; round++) {
    const result = scenarioFile.safeParse(root);
    if (result.success) {
      const isWhole = (path: Path) => {
        const start = original(path);
        return !removed.some((gone) => start.every((part, i) => part === gone[i]));
      };
      return { file: result.data, complete: completeness(removed), isWhole, original };
    }
    const doomed = new Map<string, Path>();
    for (const issue of result.error.issues) {
      const path = issue.path as (string | number)[];
      const targets = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
      for (const target of targets) {
        // What is missing can't be taken out; what it is missing from can.
        const there = target.length <= 1 || lookUp(root, target) !== undefined ? target : target.slice(0, -1);
        doomed.set(JSON.stringify(there), there);
        removed.push(original(there));
      }
    }
    // From the back, so that indices stay right.
    for (const path of [...doomed.values()].sort(laterFirst)) remove(root as Record<string, unknown>, path, indices);
  }
  return null;
}

/** Fields of a service that say nothing of its routes; others, misspelt ones among them, may. */
const BESIDE_ROUTES = [
  ...['latency', 'errors', 'response', 'labels', 'replicas', 'port', 'appPort', 'serviceAccount', 'opaque'],
  ...['skipInbound', 'skipOutbound', 'defaultPolicy', 'serverSpeaksFirst', 'retry', 'timeouts', 'failureAccrual'],
];
const BESIDE_PROTOCOL = [...BESIDE_ROUTES, 'routes', 'calls', 'proto'];

function completeness(removed: Path[]): Completeness {
  const inServices = removed.filter((path) => path[0] === 'services');
  const names =
    removed.some((path) => path[0] === 'namespace') ||
    inServices.some((path) => path.length < 3 || path[2] === 'name' || path[2] === 'namespace');
  const routes = inServices.some((path) => {
    const field = path[2] === 'routes' ? path[4] : path[2];
    return typeof field !== 'string' || !BESIDE_ROUTES.includes(field);
  });
  return {
    services: !names,
    routes: !names && !routes,
    replicas: !inServices.some((path) => path[2] === 'replicas'),
    protocols:
      !names && inServices.every((path) => path[2] !== 'opaque' && BESIDE_PROTOCOL.includes(path[2] as string)),
    traffic: !removed.some((path) => path[0] === 'traffic'),
    routing: !names && !removed.some((path) => path[0] === 'routing'),
    policies: !names && !removed.some((path) => path[0] === 'policies'),
  };
}

function remove(root: Record<string, unknown>, path: Path, indices: WeakMap<unknown[], number[]>): void {
  const last = path.at(-1);
  if (last === undefined) return;
  if (path.length === 1 && Object.hasOwn(ROOT_FALLBACK, last)) {
    root[last] = copy(ROOT_FALLBACK[last], indices);
    return;
  }
  const parent = lookUp(root, path.slice(0, -1));
  if (Array.isArray(parent)) {
    parent.splice(Number(last), 1);
    indices.get(parent)?.splice(Number(last), 1);
  } else if (typeof parent === 'object' && parent !== null) {
    delete (parent as Record<string, unknown>)[last];
  }
}

function laterFirst(a: Path, b: Path): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (x === y) continue;
    if (typeof x === 'number' && typeof y === 'number') return y - x;
    return String(x) < String(y) ? 1 : -1;
  }
  return b.length - a.length;
}

function copy(value: unknown, indices: WeakMap<unknown[], number[]>): unknown {
  if (Array.isArray(value)) {
    const list = value.map((item) => copy(item, indices));
    indices.set(
      list,
      list.map((_, i) => i),
    );
    return list;
  }
  if (typeof value !== 'object' || value === null) return value;
  const result: Record<string, unknown> = Object.create(null);
  for (const [key, item] of Object.entries(value)) result[key] = copy(item, indices);
  return result;
}

function originalPath(root: unknown, path: Path, indices: WeakMap<unknown[], number[]>): Path {
  let value = root;
  return path.map((part) => {
    const here = Array.isArray(value) && typeof part === 'number' ? (indices.get(value)?.[part] ?? part) : part;
    value = lookUp(value, [part]);
    return here;
  });
}
