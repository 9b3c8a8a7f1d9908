import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from '../../core/errors.ts';
import { concurrently } from './concurrently.ts';
import type { Kube, PodObject } from './contract.ts';
import { isUnreachable } from './errors.ts';
import { describeEvent, type EventObject, isAbout, lastLines, readEvents, readLog, timeOf } from './observe.ts';
import { containersOf, describeContainer, isLive, isReady, isTrouble, podName } from './pod-state.ts';

const LOG_BYTES = 4 * 1024 * 1024;
/** What the short text has of each. */
const LINES = 3;

/**
 * Writes down what the cluster says about pods, or about all pods of namespaces: events.txt, and for each pod its object
 * and its containers' logs, the present and the previous ones. Never throws: what can't be had is said to be missing.
 * @param dir made when it is not there
 * @returns what is wrong with each pod, with its last warnings and log lines; and what could not be had
 */
export async function collectEvidence(kube: Kube, of: PodObject[] | string[], dir: string): Promise<string> {
  const collection = new Collection(kube, dir);
  try {
    await mkdir(dir, { recursive: true });
    const pods = (await collection.pods(of)) ?? [];
    const namespaces = [...new Set(of.map((one) => (typeof one === 'string' ? one : one.metadata.namespace!)))];
    await collection.events(namespaces);
    await concurrently(pods, (pod) => collection.pod(pod));
    const trouble = await troubleOf(kube, { pods: pods.filter(inTrouble), namespaces });
    return [trouble, ...collection.missing()].filter(Boolean).join('\n');
  } catch (error) {
    return [`evidence: ${describe(error)}`, ...collection.missing()].join('\n');
  }
}

class Collection {
  readonly #kube: Kube;
  readonly #dir: string;
  readonly #missing: string[] = [];
  /** The API server does not answer any more: nothing else is asked. */
  #lost = false;

  constructor(kube: Kube, dir: string) {
    this.#kube = kube;
    this.#dir = dir;
  }

  missing(): string[] {
    if (this.#missing.length === 0) return [];
    const shown = this.#missing.slice(0, 3);
    const more = this.#missing.length - shown.length;
    return [`could not be had: ${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`];
  }

  /** The pods as they are now, where they can be had. */
  async pods(of: PodObject[] | string[]): Promise<PodObject[] | undefined> {
    const kind = { apiVersion: 'v1', kind: 'Pod' };
    const lists = await concurrently<PodObject | string, PodObject[]>(of, async (one) => {
      if (typeof one === 'string') {
        return (await this.#have(`pods of ${one}`, () => this.#kube.list<PodObject>(kind, { namespace: one }))) ?? [];
      }
      const { namespace, name } = one.metadata;
      const now = await this.#have(`pod ${podName(one)}`, () =>
        this.#kube.get<PodObject>({ ...kind, namespace, name }),
      );
      return [now ?? one];
    });
    return lists.flat();
  }

  async events(namespaces: string[]): Promise<void> {
    const lists = await concurrently(namespaces, (namespace) =>
      this.#have(`events of ${namespace}`, () => readEvents(this.#kube, namespace)),
    );
    if (lists.every((list) => list === undefined)) return;
    const events = lists.flatMap((list) => list ?? []).sort((a, b) => timeOf(a).localeCompare(timeOf(b)));
    const lines = events.map((event) => `${timeOf(event)} ${event.involvedObject.namespace} ${describeEvent(event)}\n`);
    await this.#write('events.txt', lines.join(''));
  }

  async pod(pod: PodObject): Promise<void> {
    const base = `${pod.metadata.namespace}.${pod.metadata.name}`;
    await this.#write(`${base}.json`, `${JSON.stringify(pod, null, 2)}\n`);
    for (const { name, status } of containersOf(pod)) {
      if (!status || status.state?.waiting?.reason === 'PodInitializing') continue;
      const log = (previous: boolean) =>
        this.#have(`log of ${podName(pod)}/${name}`, () =>
          readLog(this.#kube, pod, name, { previous, limitBytes: LOG_BYTES }),
        );
      if (status.containerID) await this.#write(`${base}.${name}.log`, await log(false));
      if (status.restartCount > 0) await this.#write(`${base}.${name}.previous.log`, await log(true));
    }
  }

  async #have<T>(what: string, ask: () => Promise<T>): Promise<T | undefined> {
    if (this.#lost) {
      this.#missing.push(what);
      return undefined;
    }
    try {
      return await ask();
    } catch (error) {
      this.#lost ||= isUnreachable(error);
      this.#missing.push(`${what} (${describe(error)})`);
      return undefined;
    }
  }

  async #write(file: string, text: string | undefined): Promise<void> {
    if (!text) return;
    try {
      await writeFile(join(this.#dir, file), text);
    } catch (error) {
      this.#missing.push(`${file} (${describe(error)})`);
    }
  }
}

function inTrouble(pod: PodObject): boolean {
  return pod.status.phase === 'Failed' || (isLive(pod) && !isReady(pod));
}

/**
 * A short text about pods: their containers that are not ready, their last events and log lines; and the last warnings of
 * namespaces. Never throws.
 */
export async function troubleOf(kube: Kube, of: { pods: PodObject[]; namespaces: string[] }): Promise<string> {
  const namespaces = [...new Set([...of.namespaces, ...of.pods.map(({ metadata }) => metadata.namespace!)])];
  const events = new Map<string, EventObject[]>();
  let lost = false;
  await concurrently(namespaces, async (namespace) => {
    try {
      events.set(namespace, await readEvents(kube, namespace));
    } catch (error) {
      events.set(namespace, []);
      lost ||= isUnreachable(error);
    }
  });
  const pods = await concurrently(of.pods, (pod) =>
    podTrouble(lost ? null : kube, pod, events.get(pod.metadata.namespace!)!),
  );
  const warnings = of.namespaces.flatMap((namespace) => {
    const others = events
      .get(namespace)!
      .filter((e) => e.type === 'Warning' && !of.pods.some((pod) => isAbout(e, pod)));
    return others.slice(-LINES).map((event) => `  ${namespace}: ${describeEvent(event)}`);
  });
  return [...pods, ...warnings].join('\n');
}

/** @param kube null when it does not answer any more */
async function podTrouble(kube: Kube | null, pod: PodObject, events: EventObject[]): Promise<string> {
  const trouble = containersOf(pod).filter(isTrouble);
  const { phase = 'unknown', conditions = [] } = pod.status;
  const unscheduled = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  const lines = [`  ${podName(pod)}: ${unscheduled?.message ?? phase}`];
  const about = events.filter((event) => isAbout(event, pod));
  for (const container of trouble) {
    lines.push(`    ${describeContainer(container)}`);
    if (kube) lines.push(...(await tail(kube, pod, container)).map((line) => `      | ${line}`));
  }
  const warnings = about.filter(({ type }) => type === 'Warning');
  const shown = (warnings.length > 0 ? warnings : about).slice(-LINES);
  return [...lines, ...shown.map((event) => `    ${describeEvent(event)}`)].join('\n');
}

/** The last lines of the incarnation that has something to say. */
async function tail(kube: Kube, pod: PodObject, { name, status }: ReturnType<typeof containersOf>[number]) {
  if (!status?.containerID) return [];
  for (const previous of status.restartCount > 0 ? [false, true] : [false]) {
    const text = await readLog(kube, pod, name, { previous, tailLines: LINES }).catch(() => '');
    const lines = lastLines(text, LINES);
    if (lines.length > 0) return lines;
  }
  return [];
}
