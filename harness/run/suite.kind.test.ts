import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EnvironmentSession } from '../environment/contract.ts';
import { loadScenarios } from '../scenario/load.ts';
import { LOAD_WORKLOAD } from '../scenario/model.ts';
import { runScenario } from './scenario.ts';
import { quietContext } from './testing/context.ts';
import { describeEnvironment } from './testing/describe-environment.ts';
import { passingRun } from './testing/expect-passed.ts';
import { runIn } from './testing/in-cluster.ts';
import { openKind } from './testing/kind.ts';

const dir = await mkdtemp(join(tmpdir(), 'meshproof-kind-'));
afterAll(() => rm(dir, { recursive: true, force: true }));

const mesh = process.env.MESHPROOF_TEST_MESH === 'linkerd' ? 'linkerd' : 'simulated';
const context = (name: string, signal?: AbortSignal) => quietContext(join(dir, name), signal);

describeEnvironment(`kind, ${mesh}`, {
  open: () => openKind({ mesh }, context('session')),
  context,
  deadlineMs: 240_000,
});

describe(`a load generator outside the mesh, ${mesh}`, () => {
  test('its requests are a flow at the callees, exactly; objectives hold', async () => {
    await using session = await openKind({ mesh, loadFrom: 'host' }, context('outside'));
    const [scenario] = await loadScenarios([join('scenarios', 'baseline.yaml')]);
    const result = await passingRun((attempt) =>
      runScenario(scenario!, { session, context: context(`outside-baseline-${attempt}`) }),
    );
    const own = result.flows.filter((flow) => flow.source === LOAD_WORKLOAD.id);
    expect(own.map((flow) => flow.direction)).toEqual(['inbound']);
    expect(result.slo.map((slo) => slo.verdict)).not.toContain('inconclusive');
  }, 600_000);
});

const chosen = process.env.MESHPROOF_TEST_SCENARIOS?.split(',');
const unknown = chosen?.filter((name) => !runIn(mesh).includes(name)) ?? [];
if (unknown.length > 0)
  throw new Error(`MESHPROOF_TEST_SCENARIOS names what is run in no cluster: ${unknown.join(', ')}`);
const isChosen = (name: string): boolean => chosen?.includes(name) ?? true;

describe(`shipped scenarios in a cluster, ${mesh}`, () => {
  let session: EnvironmentSession;
  beforeAll(async () => {
    session = await openKind({ mesh }, context('suite'));
  }, 600_000);
  afterAll(() => session?.[Symbol.asyncDispose](), 240_000);

  test.each(runIn(mesh).filter(isChosen))(
    '%s passes, exactly on every flow',
    async (name) => {
      const [scenario] = await loadScenarios([join('scenarios', `${name}.yaml`)]);
      await passingRun((attempt) => runScenario(scenario!, { session, context: context(`${name}-${attempt}`) }));
    },
    600_000,
  );

  const others = runIn(mesh).filter((name) => !isChosen(name));
  if (others.length > 0) test.skip.each(others)('%s passes (not run: MESHPROOF_TEST_SCENARIOS names others)', () => {});
});
