/**
 * What a service costs: `node sim-services/service.bench.ts [seconds] [--cpu-prof]`. Drives a single service and a chain
 * of three, each service in a process of its own, and prints JSON: requests/s and CPU microseconds a request and process.
 */
import { Pool } from 'undici';
import type { WorkloadConfig } from './contract.ts';
import { aCall, aConfig, aRoute, aWorkload } from './testing/configs.ts';
import { Program } from './testing/program.ts';

const CONNECTIONS = 20;
const seconds = Number(process.argv[2] ?? 5);
const node = process.argv.includes('--cpu-prof') ? ['--cpu-prof', '--cpu-prof-dir=results/cpu-prof'] : [];

interface Measured {
  requestsPerSecond: number;
  /** By service. */
  cpuMicrosPerRequest: Record<string, number>;
}

async function cpuSeconds(workload: WorkloadConfig): Promise<number> {
  const { host, port } = workload.pods[0]!.admin;
  const page = await (await fetch(`http://${host}:${port}/metrics`)).text();
  return Number(/^process_cpu_seconds_total (\S+)$/m.exec(page)?.[1]);
}

/** Keeps CONNECTIONS requests under way until the time is over; resolves with the number answered by 200. */
function load(target: WorkloadConfig, forMs: number): Promise<number> {
  const { host, port } = target.pods[0]!.listen;
  const pool = new Pool(`http://${host}:${port}`, { connections: CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 });
  const end = performance.now() + forMs;
  let answered = 0;
  let running = CONNECTIONS;
  return new Promise((resolve, reject) => {
    const next = () => {
      if (performance.now() < end) {
        pool.dispatch(
          { method: 'GET', path: '/x' },
          {
            onRequestStart() {},
            onResponseStart(_controller, status) {
              if (status === 200) answered += 1;
            },
            onResponseData() {},
            onResponseEnd: next,
            onResponseError: (_controller, error) => reject(error),
          },
        );
        return;
      }
      running -= 1;
      if (running === 0) pool.destroy().then(() => resolve(answered), reject);
    };
    for (let i = 0; i < CONNECTIONS; i += 1) next();
  });
}

async function measure(workloads: WorkloadConfig[]): Promise<Measured> {
  const programs = workloads.map((workload) => new Program(aConfig(workload), { node }));
  try {
    await Promise.all(programs.map((program) => program.whenReady()));
    const entry = workloads[0]!;
    await load(entry, 1000);
    const before = await Promise.all(workloads.map(cpuSeconds));
    const started = performance.now();
    const answered = await load(entry, seconds * 1000);
    const tookMs = performance.now() - started;
    const after = await Promise.all(workloads.map(cpuSeconds));
    const micros = workloads.map((w, i) => [w.name, Math.round(((after[i]! - before[i]!) * 1e6) / answered)]);
    return {
      requestsPerSecond: Math.round(answered / (tookMs / 1000)),
      cpuMicrosPerRequest: Object.fromEntries(micros),
    };
  } finally {
    // SIGTERM, not SIGKILL: a profile is written at a clean end.
    for (const program of programs) program.signal('SIGTERM');
    await Promise.all(programs.map((program) => program.exited));
  }
}

const alone = aWorkload('alone', [aRoute()]);
const db = aWorkload('db', [aRoute()]);
const cart = aWorkload('cart', [aRoute({ steps: [[aCall(db)]] })]);
const web = aWorkload('web', [aRoute({ steps: [[aCall(cart)]] })]);
console.log(JSON.stringify({ single: await measure([alone]), chain: await measure([web, cart, db]) }, null, 2));
