/**
 * What the simulated mesh carries: client -> web -> cart -> db, no injected latency, mutual TLS on every hop, k6 and
 * Prometheus on the same cores. Prints JSON. What is measured begins after a warm-up, in which Node compiles its hot code.
 * `npm run bench:mesh [-- --seconds 15 --warmup 8]`
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { registerRun } from '../core/registry.ts';
import { DEFAULT_KIND_OPTIONS, type RunningEnvironment, type UsageReading } from '../environment/contract.ts';
import { localEnvironment } from '../environment/local/provider.ts';
import { parseJournals } from '../ledger/truth.ts';
import { launchLocalK6 } from '../load/local.ts';
import { planLoad } from '../load/plan.ts';
import { runK6 } from '../load/run.ts';
import { runScenario } from '../run/scenario.ts';
import { ToolBox } from '../run/tool-box.ts';
import { parseScenario } from '../scenario/load.ts';
import { LOAD_WORKLOAD, trafficDurationMs } from '../scenario/model.ts';
import { chainScenario } from './topologies.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '15' },
    warmup: { type: 'string', default: '8' },
    only: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const warmupSeconds = Number(values.warmup);
/** Runs one part alone: baseline, closed or open. */
const wanted = (part: string) => values.only === undefined || values.only === part;
const abort = new AbortController();
process.once('SIGINT', () => abort.abort(new Error('interrupted')));
process.once('SIGTERM', () => abort.abort(new Error('interrupted')));

const note = (line: string) => process.stderr.write(`${line}\n`);
const dir = await mkdtemp(join(tmpdir(), 'meshproof-bench-'));
try {
  using registration = registerRun();
  const tools = new ToolBox({ given: {}, note, signal: abort.signal });
  const shared = { tool: tools.tool, note, signal: abort.signal, progress: () => {} };
  await using session = await localEnvironment.open(
    { keep: false, kind: DEFAULT_KIND_OPTIONS },
    { ...shared, dir, runId: registration.runId, registration },
  );
  const report = {
    benchmark: 'mesh',
    topology: 'client -> web -> cart -> db',
    node: process.version,
    cores: cpus().length,
    tools: tools.found.map(({ name, version }) => ({ name, version })),
    // First, while this process has not yet grown by the ledgers of the others.
    ...(wanted('baseline') && { baseline: await baseline() }),
    ...(wanted('closed') && { closedLoop: await load('closed', chainScenario({ vus: 20, warmupSeconds, seconds })) }),
    ...(wanted('open') && {
      openLoop: await load('open', chainScenario({ ratePerSecond: 1000, warmupSeconds, seconds })),
    }),
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);

  async function load(name: string, text: string) {
    note(`${name} loop, ${seconds} s of traffic`);
    const scenario = parseScenario(text, `bench-${name}`);
    const context = contextOf(name);
    await using env = await session.start(scenario, context);
    let first: Reading | undefined;
    let last: Reading | undefined;
    // k6's own use has to be read while it lives.
    const k6 = await runK6({
      launch: launchLocalK6(await tools.tool('k6')),
      plan: planLoad(scenario, {
        hosts: env.load.hosts,
        pod: env.topology.pods.find((p) => p.workload === LOAD_WORKLOAD.id)!.name,
      }),
      dir: context.dir,
      signal: abort.signal,
      onOrigin(originMs) {
        env.setOrigin(originMs).catch((error) => abort.abort(error));
      },
      onProgress({ sent, remainingMs }) {
        env.check();
        env.usage!().then(
          (usage) => {
            if (remainingMs <= seconds * 1000) first ??= { usage, sent };
            if (remainingMs > 0) last = { usage, sent };
          },
          (error) => abort.abort(error),
        );
      },
    });
    const from = k6.originMs + warmupSeconds * 1000;
    const journal = parseJournals([k6.journalText])[0]!;
    const measured = journal.made.filter((r) => r.startMs >= from && r.startMs < from + seconds * 1000);
    const latencies = measured
      .filter((r) => r.outcome === 'completed')
      .map((r) => r.endMs! - r.startMs)
      .sort((a, b) => a - b);
    return {
      requests: measured.length,
      failed: measured.filter((r) => r.outcome !== 'completed' || r.status !== 200).length,
      droppedIterations: k6.droppedIterations,
      ratePerSecond: round(latencies.length / seconds),
      latencyMs: { p50: quantile(latencies, 0.5), p95: quantile(latencies, 0.95), p99: quantile(latencies, 0.99) },
      cpuMicrosPerRequest: first && last ? cpuPerRequest(first, last) : {},
      residentMegabytes: megabytes(last?.usage ?? []),
      nothingInFlight: await nothingInFlight(env),
    };
  }

  async function nothingInFlight(env: RunningEnvironment): Promise<boolean> {
    const journals = parseJournals(await env.readJournals());
    return journals.every((j) => j.made.every((r) => r.outcome !== 'open'));
  }

  async function baseline() {
    note('baseline scenario, for the time outside traffic and the memory of all processes');
    const scenario = parseScenario(
      chainScenario({ ratePerSecond: 50, warmupSeconds: 1, seconds: 9 }),
      'bench-baseline',
    );
    let usage: UsageReading[] = [];
    const result = await runScenario(scenario, {
      session,
      context: contextOf('baseline'),
      linger: async (env) => {
        usage = await env.usage!();
      },
    });
    const lastScrapeMs = result.phases.find((p) => p.name === 'last scrape')?.durationMs ?? 0;
    const ours = usage.filter(({ part }) => part !== 'prometheus' && part !== 'load');
    return {
      verdict: result.verdict,
      reasons: result.reasons,
      phases: result.phases,
      // The wait for the first scrape is in it: it runs beside the rest of the start.
      secondsOutsideTrafficAndLastScrape: round(
        (result.durationMs - trafficDurationMs(scenario) - lastScrapeMs) / 1000,
      ),
      residentMegabytes: round(ours.reduce((sum, { residentBytes }) => sum + residentBytes, 0) / 1e6),
      residentByProcess: megabytes(usage),
    };
  }

  function contextOf(name: string) {
    return { ...shared, dir: join(dir, name) };
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}

interface Reading {
  usage: UsageReading[];
  sent: number;
}

/** CPU microseconds a request costs, process by process: where the time goes. */
function cpuPerRequest(first: Reading, last: Reading): Record<string, number> {
  const requests = Math.max(1, last.sent - first.sent);
  const before = new Map(first.usage.map(({ name, cpuSeconds }) => [name, cpuSeconds]));
  return Object.fromEntries(
    last.usage.map(({ name, cpuSeconds }) => [
      name,
      Math.round(((cpuSeconds - (before.get(name) ?? 0)) * 1e6) / requests),
    ]),
  );
}

function megabytes(usage: readonly UsageReading[]): Record<string, number> {
  return Object.fromEntries(usage.map(({ name, residentBytes }) => [name, round(residentBytes / 1e6)]));
}

function quantile(sorted: number[], q: number): number {
  return round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
