import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { epochMs } from '../core/clock.ts';
import { HarnessError } from '../core/errors.ts';
import type { LoadJob, LoadLauncher } from '../core/load-job.ts';
import type { ChildExit } from '../core/process.ts';
import type { ToolProcess } from '../core/tool.ts';
import { sleep } from '../core/wait.ts';
import { shapeDurationMs } from '../scenario/model.ts';
import { JOB_FILES } from './command.ts';
import { gracefulStopMs } from './executors.ts';
import { JournalTail } from './journal-tail.ts';
import type { LoadPlan } from './plan.ts';
import { renderK6Script } from './script.ts';

export interface K6Options {
  /** Starts k6 where the environment has it. */
  launch: LoadLauncher;
  plan: LoadPlan;
  /** An existing folder: script, journal, summary and log of k6 go there. */
  dir: string;
  /** Ends the run early; what was measured is kept. */
  signal?: AbortSignal;
  /** Told once, `plan.originLeadMs` before traffic begins (or a little later): the timeline's zero, epoch ms. */
  onOrigin?(originEpochMs: number): void;
  onProgress?(progress: LoadProgress): void;
}

export interface LoadProgress {
  /** Requests begun. */
  sent: number;
  /** Without an answer, or with a 5xx. */
  failed: number;
  remainingMs: number;
}

export interface K6Result {
  /** The truth of the load generator: one journal (sim-services/contract.ts). */
  journalText: string;
  /** Iterations that k6 could not begin in time; more than none makes the load other than what was asked for. */
  droppedIterations: number;
  iterations: number;
  /** Requests begun. */
  requests: number;
  /** Of those: without an answer, or with a 5xx. */
  failed: number;
  originMs: number;
  endMs: number;
  /** It was told to stop before its time was over. */
  interrupted: boolean;
}

/** What starting and ending may take beyond the traffic itself, on a slow machine. */
const OVERHEAD_MS = 60_000;
const LOOK_FOR_ORIGIN_EVERY_MS = 10;
const PROGRESS_EVERY_MS = 250;
const STOP_GRACE_MS = 3000;
/** k6's own exit code of a run that a signal ended in order. */
const EXIT_ABORTED = 105;

/**
 * Drives the traffic of a plan with k6, and returns what k6 says truly happened.
 * @throws HarnessError K6_DIED when it ended otherwise than it should, K6_STUCK when it did not end, K6_JOURNAL_INCOMPLETE
 * when its journal lacks requests (a full disk)
 */
export async function runK6(options: K6Options): Promise<K6Result> {
  const { dir, plan, signal } = options;
  signal?.throwIfAborted();
  const script = renderK6Script(plan);
  const job: LoadJob = { dir, ...JOB_FILES, files: script.files.map(({ name }) => name) };
  const journalFile = join(dir, job.journal);
  // k6 appends to a journal that exists.
  for (const file of [job.journal, job.summary]) rmSync(join(dir, file), { force: true });
  writeFileSync(join(dir, job.script), script.text);
  for (const { name, text } of script.files) writeFileSync(join(dir, name), text);
  await using k6 = await options.launch(job);
  const tail = new JournalTail(journalFile);
  const { exit, interrupted } = await follow(k6, tail, options);
  tail.read();
  const summary = readSummary(join(dir, job.summary));
  checkEnd({ k6, exit, interrupted, tail, summary });
  return {
    journalText: readFileOrEmpty(journalFile),
    droppedIterations: summary?.droppedIterations ?? 0,
    iterations: summary?.iterations ?? tail.counts.ended,
    requests: tail.counts.started,
    failed: tail.counts.failed,
    originMs: tail.originMs ?? epochMs(),
    endMs: tail.endMs ?? epochMs(),
    interrupted,
  };
}

/** Watches k6 until it has ended, or ends it: when asked to, or when it takes too long. */
async function follow(
  k6: ToolProcess,
  tail: JournalTail,
  options: K6Options,
): Promise<{ exit: ChildExit; interrupted: boolean }> {
  const trafficMs = Math.max(0, ...options.plan.traffic.map((t) => t.startMs + shapeDurationMs(t.shape)));
  const graceMs = Math.max(0, ...options.plan.traffic.map(gracefulStopMs));
  const stuckAt = epochMs() + trafficMs + graceMs + OVERHEAD_MS;
  let announced = false;
  const ended = new AbortController();
  void k6.exited.then(() => ended.abort());
  const wake = AbortSignal.any([ended.signal, ...(options.signal ? [options.signal] : [])]);
  while (!k6.exit) {
    if (options.signal?.aborted) return { exit: await k6.stop(STOP_GRACE_MS, 'SIGINT'), interrupted: true };
    if (epochMs() > stuckAt) throw stuck(k6, trafficMs);
    tail.read();
    if (tail.originMs !== null) {
      if (!announced) options.onOrigin?.(tail.originMs);
      announced = true;
      const { started: sent, failed } = tail.counts;
      options.onProgress?.({ sent, failed, remainingMs: Math.max(0, tail.originMs + trafficMs - epochMs()) });
    }
    await sleep(announced ? PROGRESS_EVERY_MS : LOOK_FOR_ORIGIN_EVERY_MS, wake).catch(() => {});
  }
  return { exit: k6.exit, interrupted: false };
}

interface Summary {
  requests: number;
  iterations: number;
  droppedIterations: number;
}

function checkEnd(end: {
  k6: ToolProcess;
  exit: ChildExit;
  interrupted: boolean;
  tail: JournalTail;
  summary: Summary | null;
}): void {
  const { k6, exit, interrupted, tail, summary } = end;
  if (interrupted && (exit.code === 0 || exit.code === EXIT_ABORTED || exit.signal !== null)) return;
  const inOrder = exit.code === 0 && tail.originMs !== null && tail.endMs !== null && summary !== null;
  if (!inOrder) throw died(k6, exit, tail);
  if (tail.counts.started < summary.requests) {
    throw new HarnessError(
      'K6_JOURNAL_INCOMPLETE',
      `k6 made ${summary.requests} requests, but its journal has only ${tail.counts.started}\n${k6.tail()}`.trimEnd(),
      { hint: 'is the disk full? Without the whole journal the truth is not known' },
    );
  }
}

function died(k6: ToolProcess, exit: ChildExit, tail: JournalTail): HarnessError {
  // Whoever runs it elsewhere knows better what became of it.
  if (exit.error instanceof HarnessError) return exit.error;
  const how = exit.error
    ? `could not be started: ${exit.error.message}`
    : exit.signal
      ? `was killed by ${exit.signal}`
      : exit.code === 0
        ? 'ended without a whole record'
        : `ended with exit code ${exit.code}`;
  const when = tail.originMs === null ? 'before traffic began' : `after ${tail.counts.started} requests`;
  const log = k6.tail();
  return new HarnessError('K6_DIED', `k6 ${how}, ${when}${log ? `:\n${log}` : ''}`, {
    hint: `its log is ${k6.logFile}`,
    cause: exit.error,
  });
}

function stuck(k6: ToolProcess, trafficMs: number): HarnessError {
  return new HarnessError(
    'K6_STUCK',
    `k6 did not end: ${OVERHEAD_MS} ms over its ${trafficMs} ms of traffic\n${k6.tail()}`,
    {
      hint: `its log is ${k6.logFile}`,
    },
  );
}

function readSummary(file: string): Summary | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Summary;
  } catch {
    return null;
  }
}

function readFileOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
