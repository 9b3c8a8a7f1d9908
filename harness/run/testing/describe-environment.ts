import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { epochMs } from '../../core/clock.ts';
import { parsePage } from '../../core/page-parser.ts';
import type { EnvironmentSession, RunningEnvironment, ScenarioContext } from '../../environment/contract.ts';
import { parseJournals } from '../../ledger/truth.ts';
import { PrometheusClient } from '../../prometheus/client.ts';
import { parseScenario } from '../../scenario/load.ts';
import { LOAD_WORKLOAD, type Scenario } from '../../scenario/model.ts';
import type { JudgeInput } from '../../verdict/judge.ts';
import { runScenario } from '../scenario.ts';
import { type Attempt, passing } from './expect-passed.ts';

/** What every environment must do; a test that one can't do is named with its reason. */
export interface EnvironmentUnderTest {
  /** Opened once for the whole suite. */
  open(): Promise<EnvironmentSession>;
  /** For a scenario, with a folder of its own. */
  context(name: string, signal?: AbortSignal): ScenarioContext;
  skip?: { test: TestName; reason: string }[];
  /** What bringing up one scenario may take at most, ms. */
  deadlineMs: number;
}

export type TestName = keyof typeof TESTS;

const TESTS = {
  topology: 'says who stands in it',
  scraped: 'is up when Prometheus has scraped each sidecar once',
  pages: "reads every proxy's page, and the page says which proxy it is",
  journals: 'reads a journal for each pod that serves',
  clocks: 'says how far clocks may be apart',
  timeline: 'lets behaviour change relative to the origin, exactly on every flow',
  restart: 'restarts a pod, and keeps the truth of both incarnations',
  again: 'comes up again after it has been taken down, with nothing left of the run before',
  abort: 'ends when it is told to while it comes up, and leaves nothing',
};

const CHAIN = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: contract, description: Two services in a row; the second one fails for a while. }
namespace: contract
seed: 5
mesh: { scrapeInterval: 1s }
services:
  - name: front
    latency: 12ms
    routes: [{ path: /, calls: [{ service: back }] }]
  - name: back
    replicas: 2
    latency: 25ms
traffic:
  - { executor: constant-arrival-rate, target: front, rate: 20/s, duration: 6s, maxVUs: 100 }
timeline:
  - { at: 2s, for: 2s, service: back, errors: [{ status: 503, rate: 100% }] }
expect: { golden: { everyFlow: true } }
`;

const RESTART = `${CHAIN.replace('name: contract', 'name: contract-restart').split('timeline:')[0]}restarts:
  - { at: 2s, service: back, replica: 0, down: 500ms }
expect: { golden: { everyFlow: true } }
`;

/** The contract of environments, as tests. */
export function describeEnvironment(name: string, under: EnvironmentUnderTest): void {
  const skipped = new Map(under.skip?.map(({ test: of, reason }) => [of, reason]));
  const it = (key: TestName, work: () => Promise<void>) => {
    const reason = skipped.get(key);
    if (reason) test.skip(`${TESTS[key]} (${reason})`, work);
    else test(TESTS[key], work, 2 * (under.deadlineMs + 60_000));
  };

  describe(`environment ${name}`, () => {
    let session: EnvironmentSession;
    beforeAll(async () => {
      session = await under.open();
    }, under.deadlineMs * 4);
    afterAll(() => session?.[Symbol.asyncDispose](), under.deadlineMs);

    describe('up', () => {
      const scenario = parseScenario(CHAIN, 'contract.yaml');
      let env: RunningEnvironment;
      beforeAll(async () => {
        env = await session.start(scenario, under.context('up'));
      }, under.deadlineMs);
      afterAll(() => env?.[Symbol.asyncDispose](), under.deadlineMs);

      it('topology', async () => expectTopology(env, scenario));
      it('scraped', async () => {
        const client = new PrometheusClient(env.prometheusUrl);
        const up = await client.query('up{job="linkerd-proxy"} == 1', epochMs());
        const instances = new Set(up.map(({ labels }) => labels.instance));
        for (const pod of env.topology.pods) expect(instances, pod.name).toContain(pod.instance);
      });
      it('pages', async () => {
        const { pages, unread } = await env.readProxyPages();
        expect(unread).toEqual([]);
        expect(pages.map((p) => p.instance).sort()).toEqual(env.topology.pods.map((p) => p.instance).sort());
        for (const page of pages) {
          expect(page.fromMs).toBeLessThanOrEqual(page.untilMs);
          const build = parsePage(page.text).samples.find((sample) => sample.name === 'proxy_build_info');
          expect(`v${build?.labels.version}`).toBe(env.info.mesh.proxyVersion);
        }
      });
      it('journals', async () => {
        const journals = parseJournals(await env.readJournals());
        const serving = env.topology.pods.filter((p) => p.workload !== LOAD_WORKLOAD.id).map((p) => p.name);
        expect(journals.map((j) => j.pod).sort()).toEqual(serving.sort());
      });
      it('clocks', async () => {
        const { marginMs, reason } = await env.clockMarginMs();
        expect(marginMs).toBeGreaterThanOrEqual(1);
        expect(marginMs).toBeLessThan(250);
        expect(reason).not.toBe('');
        env.check();
      });
    });

    it('timeline', async () => {
      const { result, input } = await passing(
        (attempt) => run(CHAIN, 'timeline', attempt),
        (seen) => [seen.result],
      );
      const failed = result.flows.filter((f) => f.destination === 'contract/back' && f.status === '503');
      expect(failed.length).toBeGreaterThan(0);
      const truth = failed.filter((f) => f.direction === 'inbound').reduce((sum, f) => sum + f.truth, 0);
      expect(truth).toBe(expectFailuresFrom2To4(input));
    });

    it('restart', async () => {
      const { input } = await passing(
        (attempt) => run(RESTART, 'restart', attempt),
        (seen) => [seen.result],
      );
      const pods = Map.groupBy(input.truth, (journal) => journal.pod);
      expect(Math.max(...[...pods.values()].map((journals) => journals.length))).toBe(2);
    });

    it('again', async () => {
      const scenario = parseScenario(CHAIN, 'contract.yaml');
      for (const round of ['first', 'second']) {
        await using env = await session.start(scenario, under.context(`again-${round}`));
        const client = new PrometheusClient(env.prometheusUrl);
        const up = await client.query('up{job="linkerd-proxy",namespace="contract"}', epochMs());
        expect(up, round).toHaveLength(3);
        const journals = parseJournals(await env.readJournals());
        expect(journals.every((j) => j.made.length === 0 && j.served.every((s) => s.caller === '-'))).toBe(true);
      }
    });

    it('abort', async () => {
      const abort = new AbortController();
      const context = under.context('abort', abort.signal);
      const reason = new Error('enough');
      const starting = session.start(parseScenario(CHAIN, 'contract.yaml'), {
        ...context,
        progress(event) {
          if (event.kind === 'step' && event.state === 'start' && event.step === 'services') abort.abort(reason);
        },
      });
      await expect(starting).rejects.toThrow('enough');
      await using env = await session.start(parseScenario(CHAIN, 'contract.yaml'), under.context('after-abort'));
      env.check();
    });

    async function run(text: string, name: string, attempt: Attempt) {
      let input: JudgeInput | undefined;
      const result = await runScenario(parseScenario(text, `${name}.yaml`), {
        session,
        context: under.context(`${name}-${attempt}`),
        onObserved: (observed) => {
          input = observed;
        },
      });
      return { result, input: input! };
    }
  });
}

function expectTopology(env: RunningEnvironment, scenario: Scenario): void {
  const { pods, workloads, services } = env.topology;
  for (const service of scenario.services) {
    const own = pods.filter((p) => p.workload === service.id);
    expect(own.map((p) => p.replica).sort()).toEqual([...Array(service.replicas).keys()]);
    for (const pod of own) expect(pod).toMatchObject({ namespace: service.namespace, ip: expect.stringMatching(/./) });
    expect(workloads.find((w) => w.id === service.id)?.identity).toBe(
      `${service.serviceAccount}.${service.namespace}.serviceaccount.identity.linkerd.cluster.local`,
    );
    expect(services.find((s) => s.id === service.id)?.clusterIp).toMatch(/./);
  }
  expect(pods.filter((p) => p.workload === LOAD_WORKLOAD.id)).toHaveLength(1);
}

/**
 * The second service fails exactly the requests that began from 2 s to 4 s after the origin, about 40; which of the edges' is theirs
 * is known as well as the clocks are.
 * @returns how many it failed
 */
function expectFailuresFrom2To4({ truth, window, clockMarginMs }: JudgeInput): number {
  const served = truth.filter((j) => j.workload === 'contract/back').flatMap((j) => j.served);
  const asked = served.filter(({ caller }) => caller !== '-');
  const isNear = (ms: number, edge: number) => Math.abs(ms - edge) <= clockMarginMs + 1;
  for (const { startMs, status } of asked) {
    const ms = startMs - window.originMs;
    if (isNear(ms, 2000) || isNear(ms, 4000)) continue;
    expect({ ms, status }).toEqual({ ms, status: ms > 2000 && ms < 4000 ? 503 : 200 });
  }
  return asked.filter(({ status }) => status === 503).length;
}
