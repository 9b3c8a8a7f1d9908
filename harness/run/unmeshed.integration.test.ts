import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { UsageReading } from '../environment/contract.ts';
import { parseJournals } from '../ledger/truth.ts';
import type { TruthJournal } from '../ledger/types.ts';
import { launchLocalK6 } from '../load/local.ts';
import { planLoad } from '../load/plan.ts';
import { runK6 } from '../load/run.ts';
import { parseScenario } from '../scenario/load.ts';
import { LOAD_WORKLOAD } from '../scenario/model.ts';
import { openLocal, quietContext } from './testing/context.ts';

/** Every protocol, from the load generator and from a service. */
const SCENARIO = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: unmeshed }
namespace: shop
mesh: { scrapeInterval: 1s }
services:
  - name: web
    replicas: 2
    calls: [{ service: api }, { service: rpc, path: /meshproof.v1.Echo/Unary }, { service: db }, { service: cart }]
  - { name: api, protocol: http2, replicas: 2 }
  - { name: rpc, protocol: grpc, replicas: 2 }
  - { name: db, protocol: tcp, port: 5432, replicas: 2 }
  - { name: cart, port: 8080, replicas: 3, concurrency: 2 }
traffic:
  - { name: front, executor: constant-arrival-rate, target: web, rate: 12/s, duration: 1s }
  - { name: calls, executor: constant-arrival-rate, target: rpc/meshproof.v1.Echo/Unary, rate: 12/s, duration: 1s }
`;

/** Of what this pod served to its end, requests or connections. */
function callersOf({ served, accepted }: TruthJournal): string[] {
  const ended = [...served.filter((r) => r.outcome === 'completed'), ...accepted.filter((c) => c.outcome === 'closed')];
  return ended.map(({ caller }) => caller);
}

test('without proxies all traffic arrives, spread over the pods, and what each process uses is known', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'meshproof-unmeshed-'));
  try {
    const context = quietContext(dir);
    const scenario = { ...parseScenario(SCENARIO, 'unmeshed.yaml'), unmeshed: true as const };
    await using session = await openLocal(context);
    await using env = await session.start(scenario, context);
    const pod = env.topology.pods.find((p) => p.workload === LOAD_WORKLOAD.id)!.name;
    let usage: Promise<UsageReading[]> | undefined;
    const k6 = await runK6({
      launch: launchLocalK6(await context.tool('k6')),
      plan: planLoad(scenario, { ...env.load, pod }),
      dir,
      onOrigin: (originMs) => void env.setOrigin(originMs),
      onProgress() {
        usage ??= env.usage!();
      },
    });
    env.check();
    const [load] = parseJournals([k6.journalText]);
    expect(load!.made.map((r) => [r.outcome, r.status])).toEqual(load!.made.map(() => ['completed', 200]));
    const journals = parseJournals(await env.readJournals());
    const servedBy = (workload: string) =>
      journals
        .filter((j) => j.workload === workload)
        .map((j) => callersOf(j).filter((caller) => caller !== '-').length)
        .sort((a, b) => a - b);
    const sent = load!.made.length;
    const rpc = load!.made.filter((r) => r.callee === 'shop/rpc').length;
    const web = sent - rpc;
    expect(web).toBeGreaterThan(10);
    expect(rpc).toBeGreaterThan(10);
    // In turn: the pods' shares differ by one call at most for each caller.
    for (const [workload, requests, callers] of [
      ['shop/web', web, 1],
      ['shop/api', web, 2],
      ['shop/rpc', web + rpc, 3],
      ['shop/cart', web, 2],
      ['shop/db', web, 2],
    ] as const) {
      const shares = servedBy(workload);
      expect(
        shares.reduce((sum, n) => sum + n, 0),
        workload,
      ).toBe(requests);
      expect(shares.at(-1)! - shares[0]!, workload).toBeLessThanOrEqual(callers);
    }
    expect(await env.readProxyPages()).toEqual({ pages: [], unread: [] });

    const parts = new Map((await usage!).map((reading) => [reading.part, reading]));
    expect([...parts.keys()].sort()).toEqual(['app', 'control-plane', 'harness', 'load', 'prometheus']);
    for (const { part, residentBytes } of parts.values()) expect(residentBytes, part).toBeGreaterThan(1_000_000);
    expect(parts.get('app')!.cpuSeconds).toBeGreaterThan(0);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
