import { expect, it } from 'vitest';
import type { KubernetesObject } from '../core/kubernetes-object.ts';
import type { Topology } from '../core/topology.ts';
import type { EnvironmentSession, RunningEnvironment } from '../environment/contract.ts';
import { failingScenario } from '../result/testing/sample.ts';
import type { ScenarioResult } from '../result/types.ts';
import type { ScenarioRunOptions } from '../run/scenario.ts';
import type { JudgeInput } from '../verdict/judge.ts';
import type { World } from './plan.ts';
import { randomFrom } from './random.ts';
import { REFUSED, RENAMED, sampleDiagnosis, smallScenario } from './testing/samples.ts';
import { runWorld } from './world.ts';

const topology = {
  pods: [0, 1].map((replica) => ({ namespace: 'shop', name: `cart-${replica}`, workload: 'shop/cart', replica })),
} as Topology;
const env = {
  topology,
  evidence: { list: async (): Promise<KubernetesObject[]> => [] },
} as unknown as RunningEnvironment;

function worldOf(one: typeof RENAMED): World {
  const { scenario, expected } = one.vary(smallScenario(), randomFrom(4));
  return { name: 'w', kind: 'fault', cases: [one.name], repetition: 1, scenario, expected: [expected] };
}

/** A run of which Prometheus starts after a second, traffic after three; diagnosed from 9.0 s to 9.4 s. */
const fakeRun =
  (change: Partial<ScenarioResult>) =>
  async (_scenario: unknown, options: ScenarioRunOptions): Promise<ScenarioResult> => {
    const startedAt = Date.now() - 1000;
    options.context.progress({ kind: 'step', step: 'prometheus', state: 'start' });
    options.onObserved?.({ window: { originMs: startedAt + 3000 } } as JudgeInput);
    const phases = ['start', 'traffic', 'verdict', 'diagnosis', 'stop'].map((name, i) => ({
      name,
      durationMs: [3000, 5500, 500, 400, 100][i]!,
    }));
    const result = { ...failingScenario(), startedAt: new Date(startedAt).toISOString(), phases, ...change };
    await options.linger?.(env, result);
    return result;
  };

async function record(one: typeof RENAMED, change: Partial<ScenarioResult>) {
  const context = {
    tool: () => Promise.reject(new Error('none')),
    signal: new AbortController().signal,
    progress: () => {},
    note: () => {},
    dir: '/nowhere',
    onEnvironment: undefined,
  };
  return (await runWorld(worldOf(one), {} as EnvironmentSession, context, fakeRun(change))).record;
}

it('is right when the drawn pod is named, and says how long that took from the start of Prometheus', async () => {
  const drawn = worldOf(RENAMED).scenario.faults![0]!.replica;
  const diagnoses = [sampleDiagnosis({ pods: [`shop/cart-${drawn}`] })];
  const right = await record(RENAMED, { diagnoses });
  expect(right).toMatchObject({ outcome: 'right', why: '', expected: [{ pods: [`shop/cart-${drawn}`] }] });
  expect(right.diagnosingMs).toBe(400);
  // To half a second: the clock goes on between the two.
  expect(right.faultToDiagnosisMs).toBeCloseTo(8400, -3);
  const other = [sampleDiagnosis({ pods: [`shop/cart-${1 - drawn!}`] })];
  expect(await record(RENAMED, { diagnoses: other })).toMatchObject({ outcome: 'wrong' });
});

it('counts from the moment of a fault that comes later', async () => {
  // At 2 s of the traffic, which began after 3 s.
  expect(await record(REFUSED, { diagnoses: [] })).toMatchObject({ outcome: 'wrong', faultToDiagnosisMs: 4400 });
});

it('is an error when the run did not get to a diagnosis', async () => {
  const error = { code: 'CHILD_DIED', message: 'it died', hint: 'see its log' };
  expect(await record(RENAMED, { error })).toMatchObject({ outcome: 'error', error, why: 'CHILD_DIED: it died' });
  const phases = [{ name: 'start', durationMs: 1 }];
  expect(await record(RENAMED, { phases, diagnoses: undefined as never })).toMatchObject({
    outcome: 'error',
    error: { code: 'NOT_DIAGNOSED' },
    faultToDiagnosisMs: null,
    diagnosingMs: null,
  });
});
