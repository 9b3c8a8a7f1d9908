import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { registerRun } from '../core/registry.ts';
import { LABELS } from '../environment/kubernetes/contract.ts';
import { chain, KindRun, type KindRunOptions } from './testing/kind-run.ts';
import { SharedCluster } from './testing/shared-cluster.ts';

/** What goes wrong in a cluster that is there, one thing at a time, as whoever runs meshproof meets it. */
const MINUTES = 60_000;
let dir: string;
let shared: SharedCluster;
/** What meshproof has in the cluster between runs: its mesh. */
let before: string[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-faults-test-'));
  shared = await SharedCluster.connect();
  before = await shared.ours();
});
afterAll(async () => {
  await shared?.[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

let count = 0;
function start(options?: KindRunOptions): KindRun {
  count += 1;
  return new KindRun(join(dir, `run-${count}`), options);
}

/** Nothing of a run is left: no process, no object, nothing in the registry. */
async function expectNothingLeft(run: KindRun): Promise<void> {
  await run.gone();
  expect(run.registered()).toEqual([]);
  expect(await shared.ours()).toEqual(before);
}

async function expectFailed(run: KindRun, code: string, message: RegExp): Promise<void> {
  const { code: exit, stdout, stderr } = await run.cli.ended;
  expect(stdout + stderr).not.toMatch(/INTERNAL|^\s+at /m);
  const result = await run.result();
  expect(result.error).toMatchObject({
    code,
    message: expect.stringMatching(message),
    hint: expect.stringMatching(/./),
  });
  expect(stdout).toContain(`error ${code}: `);
  expect(result.verdict).toBe('inconclusive');
  expect(exit).toBe(4);
}

describe('while the services come up', () => {
  const namespace = 'late';
  let run: KindRun;
  // The run waits for a namespace that is being deleted: time to break something before it makes its pods.
  beforeEach(async () => {
    await shared.holdTerminating(namespace);
    run = start({ scenario: chain({ namespace }) });
    await run.step('prometheus');
    await run.step('load generator');
  }, 3 * MINUTES);
  afterEach(async () => {
    await shared.release(namespace);
    await run[Symbol.asyncDispose]();
  });

  it(
    'without injector: PODS_NOT_INJECTED names exactly the pods that have no sidecar',
    async () => {
      await shared.scaleInjector(0);
      try {
        await shared.release(namespace);
        await expectFailed(run, 'PODS_NOT_INJECTED', /^3 of 4 pods came up without a sidecar: /);
      } finally {
        await shared.scaleInjector(1);
      }
      const named = (await run.result()).error!.message.split(': ')[1]!.split(', ').sort();
      const pods = run.files('cluster').filter((name) => name.startsWith(`${namespace}.`) && name.endsWith('.json'));
      expect(named).toEqual(pods.map((name) => name.replace('.', '/').replace(/\.json$/, '')).sort());
      await expectNothingLeft(run);
    },
    3 * MINUTES,
  );

  it(
    'without their image: POD_FAILED with what the pods and events say',
    async () => {
      await shared.removeImages('meshproof/service');
      await shared.release(namespace);
      await expectFailed(run, 'POD_FAILED', /ErrImageNeverPull/);
      const { error, scenarios } = await run.result();
      expect(error!.message).toMatch(/late\/(?:web|back)-\S+: Pending/);
      expect(error!.message).toContain('is not present with pull policy of Never');
      expect(error!.hint).toContain('the image is not on the node');
      expect(run.file('cluster', 'events.txt')).toContain('ErrImageNeverPull');
      expect(scenarios[0]!.traffic.requests).toBe(0);
      await expectNothingLeft(run);
    },
    3 * MINUTES,
  );
});

it(
  'Prometheus without its rights: PROMETHEUS_FORBIDDEN with what it says in its log',
  async () => {
    await using run = start();
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      name: 'linkerd-linkerd-viz-prometheus',
    };
    await run.step('mesh');
    await shared.until('the binding', async () => (await shared.kube.get(binding)) !== null);
    await shared.delete(binding);
    await expectFailed(run, 'PROMETHEUS_FORBIDDEN', /is forbidden: User .*linkerd-viz:prometheus/);
    expect(run.files('cluster').length).toBeGreaterThan(0);
    await expectNothingLeft(run);
  },
  3 * MINUTES,
);

/** What is waited for there takes a minute; meanwhile other runs come and go in the same cluster. */
describe('while a namespace does not go', () => {
  const namespace = 'stuck';
  let ending: KindRun;
  beforeAll(async () => {
    ending = start({ scenario: chain({ namespace }) });
    await ending.traffic();
    await shared.hold(namespace);
    await shared.gone('meshproof', 'linkerd-viz');
    // The namespace's other objects go one by one, some of them after those namespaces.
    await shared.until(`the end of what was in ${namespace}`, async () => {
      before = await shared.ours();
      return !before.some((name) => name.includes(` ${namespace}/`));
    });
    expect(before).toContain(`Namespace ${namespace}`);
  }, 3 * MINUTES);
  afterAll(async () => {
    await ending[Symbol.asyncDispose]();
    await shared.release(namespace);
    await shared.gone(namespace);
    before = await shared.ours();
  }, 3 * MINUTES);

  it(
    'Ctrl-C in the middle of traffic: 130, what was measured is kept, all is gone',
    async () => {
      await using run = start({ scenario: chain({ seconds: 120 }) });
      await run.traffic();
      run.cli.process.kill('SIGINT');
      expect((await run.cli.ended).code).toBe(130);
      const { error, scenarios } = await run.result();
      expect(error).toMatchObject({ code: 'INTERRUPTED', message: 'interrupted by SIGINT' });
      expect(scenarios).toMatchObject([{ name: 'short', verdict: 'inconclusive', error: { code: 'INTERRUPTED' } }]);
      expect(scenarios[0]!.traffic.requests).toBeGreaterThan(0);
      expect(run.file('k6', 'k6.journal').split('\n').length).toBeGreaterThan(2);
      await expectNothingLeft(run);
    },
    3 * MINUTES,
  );

  it(
    'SIGKILL in the middle of traffic, then `clean`: what was its own goes, what is of others stays',
    async () => {
      await using run = start({ scenario: chain({ seconds: 120 }) });
      await run.traffic();
      const dead = run.runId();
      using living = registerRun({ dir: join(run.dir, 'meshproof', 'runs') });
      const others = { 'of-living': living.runId, 'of-all': 'shared', 'of-elsewhere': 'another' };
      for (const [name, id] of Object.entries(others)) {
        await shared.makeNamespace(name, { [LABELS.managedBy]: 'meshproof', [LABELS.run]: id });
      }
      await shared.makeNamespace('of-user', { [LABELS.run]: dead });
      try {
        run.cli.process.kill('SIGKILL');
        await run.gone();
        const left = await shared.ours({ [LABELS.run]: dead });
        expect(left).toEqual(
          expect.arrayContaining(['Namespace shop', 'Namespace meshproof', 'Namespace linkerd-viz']),
        );
        const cleaned = await run.clean();
        expect(cleaned).toMatchObject({ code: 0, stderr: '' });
        expect(cleaned.stdout).toContain(`cleaned run ${dead}: `);
        expect(cleaned.stdout).toContain(`  removed ${left.length} objects from the cluster ${shared.name}\n`);
        expect(cleaned.stdout).toContain('1 run still going on, left alone\n');
        expect(run.registered()).toEqual([`${living.runId}.json`]);
        expect(await shared.ours()).toEqual(
          [...before, ...Object.keys(others).map((name) => `Namespace ${name}`)].sort(),
        );
        for (const name of [...Object.keys(others), 'of-user']) {
          expect((await shared.namespace(name))?.metadata.deletionTimestamp, name).toBeUndefined();
          expect(await shared.namespace(name), name).not.toBeNull();
        }
      } finally {
        await shared.deleteNamespaces(...Object.keys(others), 'of-user');
      }
    },
    3 * MINUTES,
  );

  it(
    'at the end of a run: NAMESPACE_STUCK names what holds it; what was measured is kept',
    async () => {
      await expectFailed(
        ending,
        'NAMESPACE_STUCK',
        /^namespace stuck is being deleted.*ConfigMap held \(meshproof\.io\/hold\)/,
      );
      const [scenario] = (await ending.result()).scenarios;
      expect(scenario).toMatchObject({ verdict: 'inconclusive', error: { code: 'NAMESPACE_STUCK' } });
      expect(scenario!.flows.length).toBeGreaterThan(0);
      await ending.gone();
      expect(await shared.ours()).toEqual(before);
      // `clean` will look after it.
      expect(ending.registered()).toHaveLength(1);
    },
    3 * MINUTES,
  );

  it(
    'from before a run: NAMESPACE_STUCK, and the rest of the run is taken down',
    async () => {
      await using run = start({ scenario: chain({ namespace }) });
      await expectFailed(
        run,
        'NAMESPACE_STUCK',
        /^namespace stuck is being deleted and was not gone after 10 s; .*ConfigMap held \(meshproof\.io\/hold\)/,
      );
      await run.gone();
      expect(await shared.ours()).toEqual(before);
    },
    3 * MINUTES,
  );
});

it(
  'an API server that goes away in the middle of traffic: API_SERVER_GONE, what was measured is kept; then `clean`',
  async () => {
    await using run = start({ scenario: chain({ seconds: 300 }) });
    await run.traffic();
    {
      await using _stopped = await shared.stopApiServer();
      await expectFailed(run, 'API_SERVER_GONE', /^the API server https:\S+ went away: /);
      await run.gone();
    }
    const [scenario] = (await run.result()).scenarios;
    expect(scenario).toMatchObject({ verdict: 'inconclusive', error: { code: 'API_SERVER_GONE' } });
    expect(scenario!.traffic.requests).toBeGreaterThan(0);
    expect(run.file('k6', 'k6.journal').split('\n').length).toBeGreaterThan(2);
    expect(run.registered()).toHaveLength(1);
    expect((await run.clean()).stdout).toMatch(new RegExp(`removed \\d+ objects from the cluster ${shared.name}\n`));
    await expectNothingLeft(run);
  },
  5 * MINUTES,
);
