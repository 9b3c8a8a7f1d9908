import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnvironmentSession } from '../environment/contract.ts';
import { quietContext } from '../run/testing/context.ts';
import { openKind } from '../run/testing/kind.ts';
import { ALL_CASES } from './cases/index.ts';
import { loadBases } from './load.ts';
import { planWorlds, type World } from './plan.ts';
import { runWorld } from './world.ts';

const dir = await mkdtemp(join(tmpdir(), 'meshproof-faults-'));
afterAll(() => rm(dir, { recursive: true, force: true }));
const cases = ALL_CASES.filter(({ inCluster }) => inCluster);
const bases = await loadBases(cases);
const worlds = planWorlds(cases, bases, {
  seed: Number(process.env.MESHPROOF_SEED ?? 3),
  repeat: 1,
  clean: 1,
  pairs: 0,
});
/** They are faults of the simulated mesh, and what the real one makes of them is up to it. */
const real = process.env.MESHPROOF_TEST_MESH === 'linkerd';

describe.skipIf(real)(`faults in a cluster${real ? ' (not run: the cluster has the real mesh)' : ''}`, () => {
  let session: EnvironmentSession;
  beforeAll(async () => {
    session = await openKind({ mesh: 'simulated' }, quietContext(join(dir, 'session')));
  }, 600_000);
  afterAll(() => session?.[Symbol.asyncDispose](), 240_000);

  it('are those that a cluster can have', () => {
    expect(cases.map(({ cause }) => cause).sort()).toEqual([
      'admin-port-dropped',
      'admin-port-refused',
      'admin-port-renamed',
      'pod-not-injected',
      'rbac-denied',
    ]);
  });

  it.each(worlds)(
    '$name: the right cause, the right pods, nothing else',
    async (world: World) => {
      const { record } = await runWorld(world, session, { ...quietContext(dir), onEnvironment: undefined });
      expect({ outcome: record.outcome, why: record.why, diagnosed: record.diagnosed }).toEqual({
        outcome: 'right',
        why: '',
        diagnosed: record.expected.map((expected) =>
          expect.objectContaining({ causes: [expected.cause], pods: expected.pods }),
        ),
      });
    },
    300_000,
  );
});
