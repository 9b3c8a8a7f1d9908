import { describe, expect, it } from 'vitest';
import type { PageEvidence } from '../../../../evidence/types.ts';
import { diagnoseMesh, named, passedRun, TestMesh, unreadPage } from '../../testing/index.ts';
import { SCRAPE_RULES } from './index.ts';
import { REACH_OF_ADMIN_PORTS } from './reach.ts';

const JOB = 'linkerd-proxy';
const TIMED_OUT = 'Get "http://10.42.0.14:4191/metrics": context deadline exceeded';

function slowOnce(mesh: TestMesh, id: string): void {
  const quick = { ...mesh.page(id), durationMs: 4 };
  mesh.setPage(id, (page) => ({ ...page, durationMs: 1500 }));
  mesh.answers = (question) => (question.ask === 'page' ? { to: 'page', page: quick } : undefined);
}

describe('pages that come late', () => {
  it('get lost on the way, when they are there for us at once and never for Prometheus', async () => {
    const mesh = new TestMesh();
    const [id] = mesh.appIds;
    mesh.failScrapes(JOB, id!, TIMED_OUT, 1000);
    expect(named(await diagnoseMesh(mesh, null, SCRAPE_RULES))).toEqual([
      { causes: ['admin-port-dropped'], pods: [id] },
    ]);
  });

  it('leave open what it is, when they are in time for us, but not by much', async () => {
    const mesh = new TestMesh();
    const [id] = mesh.appIds;
    mesh.failScrapes(JOB, id!, TIMED_OUT, 1000);
    mesh.setPage(id!, (page) => ({ ...page, durationMs: 900 }));
    expect(named(await diagnoseMesh(mesh, null, SCRAPE_RULES))).toEqual([
      { causes: ['admin-port-dropped', 'scrape-timeout'], pods: [id] },
    ]);
  });

  it('are named without a target too, but not for being late once', async () => {
    const mesh = new TestMesh();
    const [id] = mesh.appIds;
    mesh.discovers = [];
    mesh.setPage(id!, (page) => ({ ...page, durationMs: 1500 }));
    expect(named(await diagnoseMesh(mesh, null, SCRAPE_RULES))).toEqual([{ causes: ['scrape-timeout'], pods: [id] }]);
    slowOnce(mesh, id!);
    expect(await diagnoseMesh(mesh, null, SCRAPE_RULES)).toEqual([]);
  });

  it('leave open what it is, when nothing has come yet', async () => {
    const mesh = new TestMesh();
    const [id] = mesh.appIds;
    mesh.failScrapes(JOB, id!, TIMED_OUT, 1000);
    mesh.setPage(id!, (page) => unreadPage(page, { outcome: 'timeout', connected: true, durationMs: 2500 }));
    expect(named(await diagnoseMesh(mesh, null, SCRAPE_RULES))).toEqual([
      { causes: ['admin-port-dropped', 'scrape-timeout'], pods: [id] },
    ]);
  });
});

/** Prometheus' default; a doctor gives a page five seconds, and more where it is asked for more. */
const DEFAULT_TIMEOUT_MS = 10_000;

describe('pages that come late, where a scrape may take ten seconds', () => {
  interface Seen {
    first: Partial<PageEvidence>;
    again?: Partial<PageEvidence>;
    /** Prometheus has the target, and waits in vain. */
    waits?: boolean;
  }
  async function found({ first, again = first, waits = true }: Seen) {
    const mesh = new TestMesh();
    const [id] = mesh.appIds;
    Object.assign(mesh.job(JOB), { timeoutMs: DEFAULT_TIMEOUT_MS, intervalMs: DEFAULT_TIMEOUT_MS });
    if (waits) mesh.failScrapes(JOB, id!, TIMED_OUT, DEFAULT_TIMEOUT_MS);
    else mesh.discovers = [];
    const original = mesh.page(id!);
    const seen = (change: Partial<PageEvidence>) =>
      change.outcome === 'timeout' ? unreadPage(original, change) : { ...original, ...change };
    mesh.setPage(id!, () => seen(first));
    const deadlines: (number | undefined)[] = [];
    mesh.answers = (question) => {
      if (question.ask !== 'page') return undefined;
      deadlines.push(question.deadlineMs);
      return { to: 'page', page: seen(again) };
    };
    const findings = await diagnoseMesh(mesh, null, [REACH_OF_ADMIN_PORTS]);
    return { causes: findings.map(({ causes }) => causes.join(' or ')), deadlines };
  }
  const SILENT = { outcome: 'timeout', connected: true, bytes: 0, durationMs: 5000 } as const;
  const LONGER = { ...SILENT, durationMs: 25_000 };

  it('are slow where the port answers something else meanwhile, or a part of the page comes', async () => {
    for (const first of [
      { ...SILENT, answers: true },
      { ...SILENT, bytes: 9000 },
    ]) {
      expect(await found({ first })).toEqual({ causes: ['scrape-timeout'], deadlines: [] });
    }
  });

  it('are waited for until it is clear', async () => {
    const { causes, deadlines } = await found({ first: SILENT, again: { durationMs: 12_000 } });
    expect(causes).toEqual(['scrape-timeout']);
    expect(deadlines[0]).toBe(25_000);
    expect((await found({ first: SILENT, again: LONGER })).causes).toEqual(['admin-port-dropped or scrape-timeout']);
    expect((await found({ first: SILENT, again: { ...LONGER, answers: false } })).causes).toEqual([
      'admin-port-dropped',
    ]);
    expect((await found({ first: SILENT, again: { outcome: 'failed', durationMs: 12_000 } })).causes).toEqual([
      'admin-port-dropped or scrape-timeout',
    ]);
  });

  it('are not lost on the way only because we get them in less than half of the time', async () => {
    const some = await found({ first: { durationMs: 4800 } });
    expect(some.causes).toEqual(['admin-port-dropped or scrape-timeout']);
    expect((await found({ first: { durationMs: 40 } })).causes).toEqual(['admin-port-dropped']);
  });

  it('are nothing where Prometheus has not tried, and would get them in time', async () => {
    const first = { ...SILENT, answers: true };
    expect((await found({ first, again: { durationMs: 7000 }, waits: false })).causes).toEqual([]);
    expect((await found({ first, again: { durationMs: 12_000 }, waits: false })).causes).toEqual(['scrape-timeout']);
    const late = { ...LONGER, answers: true };
    expect((await found({ first, again: late, waits: false })).causes).toEqual(['scrape-timeout']);
  });
});

describe('admin ports that are refused', () => {
  it('are another matter where the proxy does not run', async () => {
    const mesh = new TestMesh();
    const [id] = mesh.appIds;
    mesh.failScrapes(JOB, id!, 'dial tcp 10.42.0.14:4191: connect: connection refused');
    mesh.setPage(id!, (page) => unreadPage(page, { outcome: 'refused' }));
    expect(named(await diagnoseMesh(mesh, null, SCRAPE_RULES))).toEqual([
      { causes: ['admin-port-refused'], pods: [id] },
    ]);
    for (const one of mesh.pod(id!).status.initContainerStatuses ?? []) {
      one.state = { waiting: { reason: 'CrashLoopBackOff' } };
    }
    expect(await diagnoseMesh(mesh, null, SCRAPE_RULES)).toEqual([]);
  });
});

describe("Prometheus' clock", () => {
  const at = async (clock: TestMesh['clock'], run: 'a run' | null, change: (mesh: TestMesh) => void = () => {}) => {
    const mesh = new TestMesh();
    mesh.clock = clock;
    change(mesh);
    return (await diagnoseMesh(mesh, run && passedRun(mesh), SCRAPE_RULES)).map(({ causes }) => causes[0]);
  };

  it('is off when it is so by more than can be explained', async () => {
    expect(await at({ aheadMs: -900, uncertaintyMs: 20 }, 'a run')).toEqual(['prometheus-clock-off']);
    expect(await at({ aheadMs: 230, uncertaintyMs: 20 }, 'a run')).toEqual(['prometheus-clock-off']);
    expect(await at({ aheadMs: 120, uncertaintyMs: 5 }, 'a run')).toEqual([]);
    expect(await at({ aheadMs: 2000, uncertaintyMs: 1900 }, 'a run')).toEqual([]);
  });

  it('may as well be ours that is off, without a run, where samples are too coarse to tell', async () => {
    for (const aheadMs of [-900, 900, 2900, -2900]) expect(await at({ aheadMs, uncertaintyMs: 20 }, null)).toEqual([]);
    expect(await at({ aheadMs: 3100, uncertaintyMs: 20 }, null)).toEqual(['prometheus-clock-off']);
    expect(await at({ aheadMs: 3100, uncertaintyMs: 200 }, null)).toEqual([]);
  });

  it('is not accused, without a run, where no proxy has a clock to compare it with', async () => {
    const withoutClocks = (mesh: TestMesh) => {
      const evidence = mesh.evidence();
      evidence.stored = evidence.stored.filter(({ labels }) => labels.__name__ !== 'process_clock_time_seconds');
      mesh.evidence = () => evidence;
    };
    const clock = { aheadMs: 40_000, uncertaintyMs: 20 };
    expect(await at(clock, null, withoutClocks)).toEqual([]);
    expect(await at(clock, 'a run', withoutClocks)).toEqual(['prometheus-clock-off']);
  });

  it('is read off the samples where it can not be measured', async () => {
    const mesh = new TestMesh();
    mesh.clock = null;
    expect(await diagnoseMesh(mesh, null, SCRAPE_RULES)).toEqual([]);
    const evidence = mesh.evidence();
    for (const { labels, samples } of evidence.stored) {
      if (labels.__name__ === 'process_clock_time_seconds') for (const sample of samples) sample.t -= 40_000;
    }
    mesh.evidence = () => evidence;
    const [finding] = await diagnoseMesh(mesh, null, SCRAPE_RULES);
    expect(finding).toMatchObject({ causes: ['prometheus-clock-off'], pods: [] });
    expect(finding!.summary).toMatch(/\b(?:39|40)\.\d s behind/);
  });
});
