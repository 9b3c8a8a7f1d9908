/**
 * What the simulated mesh carries: client -> web -> cart -> db, no injected latency, mutual TLS on every hop, k6 and
 * Prometheus on the same cores. Prints JSON. `npm run bench:mesh [-- --seconds 15]`
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { liveChildren } from '../core/process.ts';
import type { RunningEnvironment } from '../environment/contract.ts';
import { localEnvironment } from '../environment/local/provider.ts';
import { parseJournals } from '../ledger/truth.ts';
import { planLoad } from '../load/plan.ts';
import { runK6 } from '../load/run.ts';
import { runScenario } from '../run/scenario.ts';
import { parseScenario } from '../scenario/load.ts';
import { LOAD_WORKLOAD, type Scenario } from '../scenario/model.ts';
import { resolveTool } from '../tools/resolve.ts';
import { cpuSeconds, pssBytes, readEach } from './proc.ts';
import { chainScenario } from './topologies.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '15' }, version: { type: 'string', default: '2.20' } },
});
const seconds = Number(values.seconds);
const abort = new AbortController();
process.once('SIGINT', () => abort.abort(new Error('interrupted')));
process.once('SIGTERM', () => abort.abort(new Error('interrupted')));

const note = (line: string) => process.stderr.write(`${line}\n`);
const dir = await mkdtemp(join(tmpdir(), 'meshproof-bench-'));
try {
  const tools = {
    k6: await resolveTool('k6', { progress: note }),
    prometheus: await resolveTool('prometheus', { progress: note }),
  };
  const report = {
    benchmark: 'mesh',
    topology: 'client -> web -> cart -> db',
    node: process.version,
    cores: cpus().length,
    tools: Object.values(tools).map(({ name, version }) => ({ name, version })),
    closedLoop: await load('closed', chainScenario({ vus: 20, seconds })),
    openLoop: await load('open', chainScenario({ ratePerSecond: 1000, seconds })),
    baseline: await baseline(),
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);

  async function load(name: string, text: string) {
    note(`${name} loop, ${seconds} s of traffic`);
    const scenario = parseScenario(text, `bench-${name}`);
    const context = contextOf(name, scenario);
    await using env = await localEnvironment.start(scenario, context);
    let before = readEach(processes(), cpuSeconds);
    let during = before;
    let memory = new Map<string, number>();
    // k6's own use has to be read while it lives.
    const k6 = await runK6({
      k6: tools.k6,
      plan: planLoad(scenario, {
        hosts: env.load.hosts,
        pod: env.topology.pods.find((p) => p.workload === LOAD_WORKLOAD.id)!.name,
      }),
      dir: context.dir,
      signal: abort.signal,
      onOrigin(originMs) {
        before = readEach(processes(), cpuSeconds);
        void env.setOrigin(originMs);
      },
      onProgress({ remainingMs }) {
        env.check();
        during = readEach(processes(), cpuSeconds);
        // Reading it halts each process for milliseconds, so once is enough.
        if (memory.size === 0 && remainingMs < (seconds * 1000) / 2) memory = readEach(processes(), pssBytes);
      },
    });
    const journal = parseJournals([k6.journalText])[0]!;
    const latencies = journal.made
      .filter((r) => r.outcome === 'completed')
      .map((r) => r.endMs! - r.startMs)
      .sort((a, b) => a - b);
    const elapsed = (Math.max(...journal.made.map((r) => r.endMs ?? 0)) - k6.originMs) / 1000;
    return {
      requests: k6.requests,
      failed: k6.failed,
      droppedIterations: k6.droppedIterations,
      ratePerSecond: round(latencies.length / elapsed),
      latencyMs: { p50: quantile(latencies, 0.5), p95: quantile(latencies, 0.95), p99: quantile(latencies, 0.99) },
      cpuMicrosPerRequest: cpuPerRequest(before, during, k6.requests),
      pssMegabytes: megabytes(memory),
      settledExactly: await settled(env),
    };
  }

  async function settled(env: RunningEnvironment): Promise<boolean> {
    const journals = parseJournals(await env.readJournals());
    return journals.every((j) => j.made.every((r) => r.outcome !== 'open'));
  }

  async function baseline() {
    note('baseline scenario, for the time outside traffic and the memory of all processes');
    const scenario = parseScenario(chainScenario({ ratePerSecond: 50, seconds: 10 }), 'bench-baseline');
    let memory = new Map<string, number>();
    const result = await runScenario(scenario, {
      provider: localEnvironment,
      context: contextOf('baseline', scenario),
      linger: async () => {
        memory = readEach(processes(), pssBytes);
      },
    });
    const phase = (name: string) => result.phases.find((p) => p.name === name)?.durationMs ?? 0;
    const ours = [...memory].filter(([name]) => name !== 'prometheus' && name !== 'k6');
    return {
      verdict: result.verdict,
      reasons: result.reasons,
      phases: result.phases,
      secondsOutsideTrafficAndScrapes: round(
        (result.durationMs - phase('traffic') - phase('settle and scrape')) / 1000,
      ),
      pssMegabytes: round(ours.reduce((sum, [, bytes]) => sum + bytes, 0) / 1e6),
      pssByProcess: megabytes(memory),
    };
  }

  function contextOf(name: string, _scenario: Scenario) {
    return {
      dir: join(dir, name),
      tools,
      signal: abort.signal,
      progress: () => {},
    };
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}

function processes(): { name: string; pid: number }[] {
  return [{ name: 'harness', pid: process.pid }, ...liveChildren().map((c) => ({ name: c.name, pid: c.pid! }))];
}

/** CPU microseconds a request costs, process by process: where the time goes. */
function cpuPerRequest(
  before: Map<string, number>,
  after: Map<string, number>,
  requests: number,
): Record<string, number> {
  return Object.fromEntries(
    [...after].map(([name, used]) => [
      name,
      Math.round(((used - (before.get(name) ?? 0)) * 1e6) / Math.max(1, requests)),
    ]),
  );
}

function megabytes(bytes: Map<string, number>): Record<string, number> {
  return Object.fromEntries([...bytes].map(([name, value]) => [name, round(value / 1e6)]));
}

function quantile(sorted: number[], q: number): number {
  return round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
