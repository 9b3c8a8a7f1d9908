import type { ProgressEvent } from '../../core/progress.ts';
import type { ToolName } from '../../core/tool.ts';
import type { KindOptions } from '../../environment/contract.ts';
import type { CapacityPoint, CapacitySide, Objectives } from '../../result/bench/types.ts';
import type { Scenario } from '../../scenario/model.ts';

export type Side = CapacitySide['side'];

export interface CapacityOptions {
  /** Its services, routes and proportions of traffic; its own rates, timeline, restarts and expectations are left out. */
  scenario: Scenario;
  objectives: Objectives;
  /** What the rate is of: `*`, all of the scenario's traffic, or one service (`namespace/name`). */
  of: string;
  /** Requests per second that are to be carried: recorded, and changes no search. */
  atLeast?: number | undefined;
  /** By turns; each once. */
  sides: readonly Side[];
  /** Name of the environment: `local`, `kind`. */
  environment: string;
  kind: KindOptions;
  tools: Partial<Record<ToolName, string>>;
  /** Of each point, after the warm-up. */
  measuredSeconds: number;
  /** Of each point: the rate rises, then stays for a while before anything counts. */
  warmupSeconds: number;
  /** Requests per second. Absent: the scenario's own rate to begin with, and up to MAX_RATE. */
  rates: { start?: number | undefined; min?: number | undefined; max?: number | undefined };
  /** Half-width of the interval that is wanted, relative: DEFAULT_PRECISION. */
  precision: number;
  /** How many points a side may take for its search, those that do not count included; those of the curve come on top. */
  maxPoints: number;
  /** Probability with which an interval holds what it is of: DEFAULT_LEVEL. */
  level: number;
  /** Whether points are measured for the curve around the capacity, and for the price. */
  curve: boolean;
  /** Folder of an earlier benchmark that goes on where it ended; may be `runDir`. null: this is a new one. */
  resume: string | null;
  /** Folder of this benchmark alone; it is there. */
  runDir: string;
  signal: AbortSignal;
  progress: {
    event(point: string, event: ProgressEvent): void;
    pointDone(point: CapacityPoint, side: Side): void;
    note(line: string): void;
  };
}

export const DEFAULT_MEASURED_SECONDS = 10;
export const DEFAULT_WARMUP_SECONDS = 5;
export const DEFAULT_PRECISION = 0.05;
export const DEFAULT_MAX_POINTS = 30;
export const DEFAULT_LEVEL = 0.95;
/** What one k6 makes of its own on a machine of few cores, and more than a simulated mesh carries. */
export const MAX_RATE = 20_000;
