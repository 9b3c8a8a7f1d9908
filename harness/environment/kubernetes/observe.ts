import type { Kube, PodObject } from './contract.ts';

/** What the cluster says about pods beside their status: events and logs. */

export interface EventObject {
  metadata: { namespace?: string; creationTimestamp?: string };
  involvedObject: { kind?: string; namespace?: string; name?: string };
  type?: string;
  reason?: string;
  message?: string;
  count?: number;
  firstTimestamp?: string | null;
  lastTimestamp?: string | null;
  eventTime?: string | null;
  series?: { count?: number; lastObservedTime?: string };
}

const TIMEOUT_MS = 10_000;

/** Events of a namespace, the oldest first. */
export async function readEvents(kube: Kube, namespace: string): Promise<EventObject[]> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
  const list = (await kube.request('GET', path, undefined, { timeoutMs: TIMEOUT_MS })) as { items: EventObject[] };
  return list.items.sort((a, b) => timeOf(a).localeCompare(timeOf(b)));
}

export function timeOf(event: EventObject): string {
  const { series, lastTimestamp, eventTime, firstTimestamp, metadata } = event;
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata.creationTimestamp ?? '';
}

/** `Warning FailedMount Pod web-1 (x4): MountVolume.SetUp failed ...`. */
export function describeEvent(event: EventObject): string {
  const { type, reason, message, involvedObject, count, series } = event;
  const times = series?.count ?? count ?? 1;
  const what = `${type} ${reason} ${involvedObject.kind} ${involvedObject.name}${times > 1 ? ` (x${times})` : ''}`;
  return `${what}: ${(message ?? '').trim().replace(/\s*\n\s*/g, ' ')}`;
}

export function isAbout(event: EventObject, pod: PodObject): boolean {
  return event.involvedObject.kind === 'Pod' && event.involvedObject.name === pod.metadata.name;
}

export interface LogOptions {
  /** Of the incarnation before the present one. */
  previous?: boolean;
  tailLines?: number;
  limitBytes?: number;
}

/** What the kubelet says, with status 200, of a log that it has thrown away. */
const THROWN_AWAY = /^unable to retrieve container logs for /;

/** A container's log; empty when the node has it no more. @throws ApiError 400 while there is none */
export async function readLog(kube: Kube, pod: PodObject, container: string, options: LogOptions): Promise<string> {
  const { namespace, name } = pod.metadata;
  const query = new URLSearchParams({ container });
  for (const [key, value] of Object.entries(options)) if (value) query.set(key, String(value));
  const path = `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(name)}/log?${query}`;
  const text = String(await kube.request('GET', path, undefined, { accept: '*/*', timeoutMs: TIMEOUT_MS }));
  return THROWN_AWAY.test(text) ? '' : text;
}

/** The last lines of a log. */
export function lastLines(text: string, lines: number): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-lines);
}
