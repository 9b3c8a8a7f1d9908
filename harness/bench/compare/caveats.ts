import type { Machine } from '../../result/bench/types.ts';

/** Why two records are not of one kind of run, a sentence each. */

/** `another seed: 1, 2`; nothing when they are the same. */
export function other(what: string, a: unknown, b: unknown): string[] {
  const [x, y] = [text(a), text(b)];
  return x === y ? [] : [`another ${what}: A ${x}, B ${y}`];
}

function text(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'none';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function machines(a: Machine, b: Machine): string[] {
  const line = ({ platform, cpu, cores, memoryBytes }: Machine) =>
    `${platform}, ${cpu}, ${cores} cores, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB`;
  return [...other('machine', line(a), line(b)), ...other('Node', a.node, b.node)];
}

interface Tool {
  name: string;
  version: string;
}

export function tools(a: readonly Tool[], b: readonly Tool[]): string[] {
  const names = [...new Set([...a, ...b].map(({ name }) => name))];
  const version = (list: readonly Tool[], name: string) => list.find((tool) => tool.name === name)?.version;
  return names.flatMap((name) => other(name, version(a, name), version(b, name)));
}

interface MeshOf {
  name: string;
  mesh: { kind: string; version: string; proxyVersion: string };
}

export function environments(a: MeshOf, b: MeshOf): string[] {
  return [
    ...other('environment', a.name, b.name),
    ...other('kind of mesh', a.mesh.kind, b.mesh.kind),
    ...other('version of Linkerd', a.mesh.version, b.mesh.version),
    ...other('version of the proxy', a.mesh.proxyVersion, b.mesh.proxyVersion),
  ];
}

interface Ended {
  error?: { message: string } | undefined;
}

export function unfinished(a: Ended, b: Ended): string[] {
  return Object.entries({ A: a, B: b }).flatMap(([side, { error }]) =>
    error ? [`${side} did not get to its end: ${error.message}`] : [],
  );
}
