import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { epochMs } from '../core/clock.ts';
import type { EnvironmentSession, RunningEnvironment, UsageReading } from '../environment/contract.ts';
import type { TruthJournal } from '../ledger/types.ts';
import type { ScenarioResult } from '../result/types.ts';
import { LOAD_WORKLOAD, type Scenario } from '../scenario/model.ts';
import type { JudgeInput } from '../verdict/judge.ts';
import { runScenario } from './scenario.ts';
import { chain } from './testing/chain.ts';
import { quietContext } from './testing/context.ts';
import { openKind } from './testing/kind.ts';

const mesh = process.env.MESHPROOF_TEST_MESH === 'linkerd' ? 'linkerd' : 'simulated';
const dir = await mkdtemp(join(tmpdir(), 'meshproof-unmeshed-'));
afterAll(() => rm(dir, { recursive: true, force: true }));

const CHAIN = chain(40);

/** What a run leaves, and what was looked at in it. */
interface Looked {
  result: ScenarioResult;
  input: JudgeInput;
  pages: Awaited<ReturnType<RunningEnvironment['readProxyPages']>>;
  /** Of the scenario's own pods and of the load generator's. */
  pods: { name: string; inject: string | undefined; containers: string[] }[];
  /** Before traffic and after it. */
  usage: { askedMs: number; readings: UsageReading[] }[];
}

async function look(session: EnvironmentSession, scenario: Scenario): Promise<Looked> {
  const looked: Partial<Looked> = {};
  const usage: Looked['usage'] = [];
  const readUsage = async (env: RunningEnvironment) => {
    const askedMs = epochMs();
    usage.push({ askedMs, readings: await env.usage!() });
  };
  const watched: Pick<EnvironmentSession, 'start'> = {
    async start(what, context) {
      const env = await session.start(what, context);
      await readUsage(env);
      return env;
    },
  };
  const result = await runScenario(scenario, {
    session: { ...session, start: watched.start },
    context: quietContext(join(dir, scenario.name)),
    onObserved: (input) => Object.assign(looked, { input }),
    async linger(env) {
      await readUsage(env);
      Object.assign(looked, { pages: await env.readProxyPages(), pods: await podsOf(env) });
    },
  });
  return { ...(looked as Looked), result, usage };
}

async function podsOf(env: RunningEnvironment): Promise<Looked['pods']> {
  const ours = new Set(env.topology.pods.map(({ namespace, name }) => `${namespace}/${name}`));
  const pods = await env.evidence.list({ apiVersion: 'v1', kind: 'Pod' });
  return pods
    .filter(({ metadata }) => ours.has(`${metadata.namespace}/${metadata.name}`))
    .map(({ metadata, spec }) => {
      const { containers, initContainers = [] } = spec as Record<string, { name: string }[]>;
      const all = [...initContainers, ...containers!].map(({ name }) => name);
      return { name: metadata.name, inject: metadata.annotations?.['linkerd.io/inject'], containers: all };
    });
}

const of = (truth: readonly TruthJournal[], workload: string) =>
  truth.filter((journal) => journal.workload === workload);
/** Without the kubelet's probes. */
const called = (served: TruthJournal['served']) => served.filter(({ caller }) => caller !== '-').length;
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

describe(`without a mesh, and in it (${mesh})`, () => {
  let session: EnvironmentSession;
  beforeAll(async () => {
    session = await openKind({ mesh }, quietContext(join(dir, 'session')));
  }, 300_000);
  afterAll(() => session?.[Symbol.asyncDispose](), 120_000);

  it('an unmeshed chain has no proxies, and serves every request', async () => {
    const { result, input, pages, pods, usage } = await look(session, { ...CHAIN, name: 'bare', unmeshed: true });
    expect({ error: result.error, failed: result.traffic.failed }).toEqual({ error: undefined, failed: 0 });
    expect(pods).toHaveLength(4);
    for (const { inject, containers } of pods) expect([inject, containers]).toEqual(['disabled', [expect.any(String)]]);
    expect(pages).toEqual({ pages: [], unread: [] });
    expect(input.topology.workloads.map(({ identity }) => identity)).toEqual(['', '', '']);
    // Every request once at each hop.
    const { requests } = result.traffic;
    expect(requests).toBeGreaterThan(40 * 7);
    const { truth } = input;
    expect(of(truth, LOAD_WORKLOAD.id).map(({ made }) => made.length)).toEqual([requests]);
    expect(of(truth, 'shop/web').map(({ made, served }) => [called(served), made.length])).toEqual([
      [requests, requests],
    ]);
    expect(of(truth, 'shop/cart')).toHaveLength(2);
    expect(sum(of(truth, 'shop/cart').map(({ served }) => called(served)))).toBe(requests);
    const parts = new Set(usage[1]!.readings.map(({ part }) => part));
    expect([...parts].sort()).toEqual(['app', 'control-plane', 'load', 'prometheus']);
  });

  it('of a meshed one, each container has a reading as of now, which grows under load', async () => {
    const { result, pods, usage } = await look(session, CHAIN);
    expect(result.error).toBeUndefined();
    for (const { containers } of pods) expect(containers).toContain('linkerd-proxy');
    const [before, after] = usage as [Looked['usage'][0], Looked['usage'][0]];
    const isOfChain = ({ part }: UsageReading) => part !== 'control-plane';
    // Pods have a name of their own each time.
    const shown = after.readings
      .filter(isOfChain)
      .map(({ part, name }) => `${part} ${name.replace(/(\/[a-z]+)-[^/]*\//, '$1/')}`);
    expect(shown.sort()).toEqual([
      'app shop/cart/app',
      'app shop/cart/app',
      'app shop/web/app',
      'load meshproof/load/load',
      'prometheus linkerd-viz/prometheus/prometheus',
      'proxy meshproof/load/linkerd-proxy',
      'proxy shop/cart/linkerd-proxy',
      'proxy shop/cart/linkerd-proxy',
      'proxy shop/web/linkerd-proxy',
    ]);
    expect(before.readings.map(({ name }) => name).sort()).toEqual(after.readings.map(({ name }) => name).sort());
    for (const reading of after.readings) {
      const first = before.readings.find(({ name }) => name === reading.name)!;
      expect(first.atMs, reading.name).toBeGreaterThan(before.askedMs - 500);
      expect(reading.atMs, reading.name).toBeGreaterThan(after.askedMs - 500);
      expect(reading.residentBytes, reading.name).toBeGreaterThan(1e6);
      if (isOfChain(reading)) expect(reading.cpuSeconds, reading.name).toBeGreaterThan(first.cpuSeconds);
    }
  });
});
