import type { ProgressEvent } from '../core/progress.ts';
import type { ScenarioResult, VerdictValue } from '../result/types.ts';
import { type Step, type Traffic, whyText } from './live-text.ts';

/** What a suite is going to run. */
export interface LivePlan {
  scenarios: { name: string; trafficMs: number }[];
  /** How many run at the same time, at most. */
  parallel: number;
}

/** One thing that goes on: a scenario, or what all of them share. */
export interface Active {
  name: string;
  startedAt: number;
  /** Where it is; null for what has no phases. */
  phase: string | null;
  phaseAt: number;
  /** Steps that run now, with their start. */
  running: { step: Step; startedAt: number }[];
  traffic: Traffic | null;
  /** When the traffic was last heard of, so that the time left goes on between two reports. */
  trafficAt: number;
  /** How long its traffic lasts: as planned, else the longest that was said to be left. */
  trafficMs: number;
}

export interface DoneScenario {
  name: string;
  verdict: VerdictValue;
  /** Why it is no pass; one line. */
  why: string;
}

/** What a scenario takes beside its traffic, as long as none has ended. */
const USUAL_OVERHEAD_MS = 8000;
/** Nothing that goes on is said to be over. */
const LEAST_LEFT_MS = 1000;

/** What is known of a run that goes on, made from its events. Times are monotonic milliseconds. */
export class LiveState {
  readonly startedAt: number;
  readonly active = new Map<string, Active>();
  readonly done: DoneScenario[] = [];
  readonly #planned = new Map<string, number>();
  #parallel = 1;
  #mostAtOnce = 1;
  #overheads: number[] = [];
  #fraction = 0;

  constructor(nowMs: number) {
    this.startedAt = nowMs;
  }

  plan({ scenarios, parallel }: LivePlan): void {
    for (const { name, trafficMs } of scenarios) this.#planned.set(name, trafficMs);
    this.#parallel = parallel;
  }

  /** How many scenarios there are; 0 when that is not known. */
  get total(): number {
    return this.#planned.size;
  }

  isPlanned(name: string): boolean {
    return this.#planned.has(name);
  }

  event(name: string, event: ProgressEvent, nowMs: number): void {
    const state = this.#activeOf(name, event, nowMs);
    if (event.kind === 'phase') {
      state.phase = event.phase;
      state.phaseAt = nowMs;
    } else if (event.kind === 'traffic') {
      state.traffic = event;
      state.trafficAt = nowMs;
      state.trafficMs = Math.max(state.trafficMs, event.remainingMs);
    } else if (event.state === 'start') {
      state.running.push({ step: event, startedAt: nowMs });
    } else {
      const index = state.running.findIndex(({ step }) => step.step === event.step);
      if (index >= 0) state.running.splice(index, 1);
    }
  }

  /** How long a step that has just ended took; undefined when its start was not heard of. */
  stepMs(name: string, step: Step, nowMs: number): number | undefined {
    if (step.ms !== undefined) return step.ms;
    const known = this.active.get(name)?.running.find((one) => one.step.step === step.step);
    return known && nowMs - known.startedAt;
  }

  scenarioDone(result: ScenarioResult): void {
    this.active.delete(result.name);
    const { name, verdict, durationMs } = result;
    this.done.push({ name, verdict, why: whyText(result) });
    const planned = this.#planned.get(name);
    if (planned !== undefined) this.#overheads.push(Math.max(0, durationMs - planned));
  }

  /** What goes on and is worth a line. */
  running(): Active[] {
    return [...this.active.values()].filter(
      ({ name, phase, running, traffic }) =>
        this.#planned.has(name) || phase !== null || running.length > 0 || traffic !== null,
    );
  }

  /** How much longer all of it takes, ms; null when what there is to do is not known. */
  leftMs(nowMs: number): number | null {
    if (this.total === 0) return null;
    const ended = new Set(this.done.map(({ name }) => name));
    const overhead = mean(this.#overheads) ?? USUAL_OVERHEAD_MS;
    const workers = this.running().map(({ trafficMs, startedAt }) =>
      Math.max(LEAST_LEFT_MS, trafficMs + overhead - (nowMs - startedAt)),
    );
    // How many it lets run at once is the environment's to say: it shows in how many there were.
    while (workers.length < Math.min(this.#parallel, this.#mostAtOnce)) workers.push(0);
    for (const [name, trafficMs] of this.#planned) {
      if (ended.has(name) || this.active.has(name)) continue;
      const next = workers.indexOf(Math.min(...workers));
      workers[Math.max(0, next)] = (workers[next] ?? 0) + trafficMs + overhead;
    }
    return Math.max(0, ...workers);
  }

  /** How much of all of it is done, 0 to 1. It never falls, whatever the estimate does. */
  fraction(nowMs: number): number {
    const spent = nowMs - this.startedAt;
    const all = spent + (this.leftMs(nowMs) ?? 0);
    if (all > 0) this.#fraction = Math.max(this.#fraction, spent / all);
    return this.#fraction;
  }

  #activeOf(name: string, event: ProgressEvent, nowMs: number): Active {
    const known = this.active.get(name);
    // The same again, of what never says that it has ended.
    if (known && !(isOver(known, nowMs) && event.kind === 'step' && event.state === 'start')) return known;
    for (const other of this.active.values()) if (isOver(other, nowMs)) this.active.delete(other.name);
    const trafficMs = this.#planned.get(name) ?? 0;
    const fresh: Active = {
      ...{ name, startedAt: nowMs, phase: null, phaseAt: nowMs },
      ...{ running: [], traffic: null, trafficAt: nowMs, trafficMs },
    };
    this.active.set(name, fresh);
    const atOnce = [...this.active.keys()].filter((key) => this.#planned.has(key)).length;
    this.#mostAtOnce = Math.max(this.#mostAtOnce, atOnce);
    return fresh;
  }
}

/** What of the traffic is left now, ms. */
export function trafficLeftMs({ traffic, trafficAt }: Active, nowMs: number): number {
  return traffic ? Math.max(0, traffic.remainingMs - (nowMs - trafficAt)) : 0;
}

/** Of what has no phases: its traffic has ended, and nothing else of it goes on. */
function isOver(active: Active, nowMs: number): boolean {
  const { phase, running, traffic } = active;
  return phase === null && running.length === 0 && traffic !== null && trafficLeftMs(active, nowMs) === 0;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
