import { describe, expect, test } from 'vitest';
import type { Answer, Question } from '../../../../evidence/types.ts';
import { Rng } from '../../../testing/rng.ts';
import { diagnoseMesh, named, TestMesh } from '../../testing/index.ts';
import { PROXY_RULES } from './index.ts';
import { addToPage, CHAIN, countTraffic, runOf, setOnPage, storedSeries } from './testing/run.ts';

const SEEDS = Array.from({ length: 8 }, (_, i) => i);
const EXPIRATION = 'control_identity_cert_expiration_timestamp_seconds';
const REFRESHED = 'control_identity_cert_refresh_timestamp_seconds';
const REFRESHES = 'control_identity_cert_refreshes_total';

function world(rng: Rng) {
  const mesh = new TestMesh({ nativeSidecars: rng.chance(0.5) });
  const run = runOf(mesh, CHAIN);
  countTraffic(mesh, run);
  const now = mesh.atMs / 1000;
  const some = () => [...new Set([rng.pick(mesh.allIds), rng.pick(mesh.allIds)])].toSorted();
  const diagnose = () => Promise.all([run, null].map((facts) => diagnoseMesh(mesh, facts, PROXY_RULES)));
  return { mesh, now, some, diagnose };
}

/** Every pod shows a certificate: of this anchor, valid until then. */
function show(mesh: TestMesh, of: (id: string) => { anchor: string | null; notAfterMs?: number } | null): void {
  mesh.answers = (question: Question): Answer | undefined => {
    if (question.ask !== 'certificate') return undefined;
    const shown = of(`${question.namespace}/${question.pod}`);
    if (shown === null) return { to: 'error', message: 'nobody listens' };
    const { anchor: anchorSha256, notAfterMs = mesh.atMs + 80_000_000 } = shown;
    return { to: 'certificate', certificate: { anchorSha256, issuer: 'x', names: [], notBeforeMs: 0, notAfterMs } };
  };
}

/** Counts failed renewals on a pod's page. */
function failRenewals(mesh: TestMesh, id: string, errors: number): void {
  const sample = mesh
    .page(id)
    .page!.samples.find(({ name, labels }) => name === REFRESHES && labels.result === 'error')!;
  sample.value = errors;
}

describe('certificate-expired', () => {
  test.each(SEEDS)('names the pods whose certificate ended (%i)', async (seed) => {
    const rng = new Rng(seed);
    const { mesh, now, some, diagnose } = world(rng);
    expect(await diagnose()).toEqual([[], []]);
    const ids = some();
    const how = rng.pick(['page', 'stored', 'shown', 'old name'] as const);
    const expiry = now - rng.int(1, 5000);
    show(mesh, (id) => ({ anchor: 'aa', ...(how === 'shown' && ids.includes(id) && { notAfterMs: expiry * 1000 }) }));
    for (const id of ids) {
      if (how === 'page') setOnPage(mesh, id, EXPIRATION, expiry);
      if (how === 'old name') {
        setOnPage(mesh, id, EXPIRATION, null);
        addToPage(mesh, id, { name: 'identity_cert_expiration_timestamp_seconds', labels: {}, value: expiry });
      }
      if (how === 'page') failRenewals(mesh, id, 5);
      if (how === 'stored') mesh.stored.push(storedSeries(mesh, id, EXPIRATION, [expiry, expiry]));
    }
    if (how === 'stored') for (const id of ids) mesh.pages.splice(mesh.pages.indexOf(mesh.page(id)), 1);
    for (const found of await diagnose())
      expect(named(found)).toEqual([{ causes: ['certificate-expired'], pods: ids }]);
  });

  test('a proxy without its first certificate has none that could end', async () => {
    const { mesh, diagnose } = world(new Rng(1));
    setOnPage(mesh, mesh.allIds[3]!, EXPIRATION, 0);
    setOnPage(mesh, mesh.allIds[3]!, REFRESHED, 0);
    failRenewals(mesh, mesh.allIds[3]!, 3);
    expect(await diagnose()).toEqual([[], []]);
  });

  test('the clock of the proxy decides', async () => {
    const { mesh, now, diagnose } = world(new Rng(2));
    setOnPage(mesh, mesh.allIds[2]!, EXPIRATION, now - 50);
    setOnPage(mesh, mesh.allIds[2]!, 'process_clock_time_seconds', now - 100);
    expect(await diagnose()).toEqual([[], []]);
  });
});

/** Requests to identity without an answer. */
function unanswered(value: number, addr = 'linkerd-identity-headless.linkerd.svc.cluster.local:8080') {
  return { name: 'control_response_total', labels: { addr, classification: 'failure' }, value };
}

describe('certificate-not-renewed', () => {
  test.each(SEEDS)('names the pods whose renewals fail (%i)', async (seed) => {
    const rng = new Rng(50 + seed);
    const { mesh, now, some, diagnose } = world(rng);
    const ids = some();
    const how = rng.pick(['stored', 'overdue', 'too many', 'no answer'] as const);
    for (const id of ids) {
      if (how === 'no answer') addToPage(mesh, id, unanswered(3));
      else failRenewals(mesh, id, how === 'too many' ? 3 : 1);
      if (how === 'stored') {
        const [refreshed, start] = [now - 15, now - 300];
        setOnPage(mesh, id, REFRESHED, refreshed);
        setOnPage(mesh, id, 'process_start_time_seconds', start);
        const series = storedSeries(mesh, id, REFRESHES, [0, 0, 0, 1, 1, 1]);
        mesh.stored.push({ ...series, labels: { ...series.labels, result: 'error' } });
      }
      if (how === 'overdue') {
        setOnPage(mesh, id, REFRESHED, now - 71_000);
        setOnPage(mesh, id, 'process_start_time_seconds', now - 80_000);
        setOnPage(mesh, id, EXPIRATION, now + 10_000);
      }
      // The pod started a minute ago and had its certificate at once.
    }
    for (const found of await diagnose())
      expect(named(found)).toEqual([{ causes: ['certificate-not-renewed'], pods: ids }]);
  });

  test('other parts of the control plane may fail', async () => {
    const { mesh, diagnose } = world(new Rng(2));
    addToPage(mesh, mesh.allIds[2]!, unanswered(30, 'linkerd-policy.linkerd.svc.cluster.local:8090'));
    expect(await diagnose()).toEqual([[], []]);
  });

  test('errors before the first certificate are usual', async () => {
    const { mesh, now, diagnose } = world(new Rng(3));
    const [, , id] = mesh.allIds as [string, string, string];
    failRenewals(mesh, id, 2);
    setOnPage(mesh, id, 'process_start_time_seconds', now - 60);
    setOnPage(mesh, id, REFRESHED, now - 35);
    const series = storedSeries(mesh, id, REFRESHES, [2, 2, 2, 2]);
    mesh.stored.push({ ...series, labels: { ...series.labels, result: 'error' } });
    expect(await diagnose()).toEqual([[], []]);
  });
});

describe('trust-anchors-differ', () => {
  test.each(SEEDS)('names the pods that chain elsewhere than the control plane (%i)', async (seed) => {
    const rng = new Rng(80 + seed);
    const { mesh, diagnose } = world(rng);
    const apps = mesh.allIds.filter((id) => !id.startsWith('linkerd/'));
    // Most of the pods, even.
    const ids = apps.filter(() => rng.chance(rng.pick([0.2, 0.9])));
    if (ids.length === 0) ids.push(rng.pick(apps));
    const usual = rng.pick(['ab', 'cd']);
    show(mesh, (id) => ({ anchor: ids.includes(id) ? `${usual}${usual}` : usual }));
    for (const found of await diagnose())
      expect(named(found)).toEqual([{ causes: ['trust-anchors-differ'], pods: ids.toSorted() }]);
    show(mesh, () => ({ anchor: usual }));
    expect(await diagnose()).toEqual([[], []]);
  });

  test('where nobody shows a chain the bundles tell', async () => {
    const { mesh, diagnose } = world(new Rng(4));
    const [db] = mesh.idsOf('shop', 'db');
    for (const pod of mesh.pods) pod.metadata.annotations!['linkerd.io/trust-root-sha256'] = 'aa';
    mesh.pod(db!).metadata.annotations!['linkerd.io/trust-root-sha256'] = 'bb';
    show(mesh, () => null);
    for (const found of await diagnose())
      expect(named(found)).toEqual([{ causes: ['trust-anchors-differ'], pods: [db] }]);
    // A bundle of both, while anchors are rotated: all chains end in one.
    show(mesh, () => ({ anchor: 'aa' }));
    expect(await diagnose()).toEqual([[], []]);
    show(mesh, () => ({ anchor: null }));
    for (const found of await diagnose())
      expect(named(found)).toEqual([{ causes: ['trust-anchors-differ'], pods: [db] }]);
  });
});

test('an expired certificate of another anchor, and renewals that fail elsewhere, are three things', async () => {
  const { mesh, now, diagnose } = world(new Rng(5));
  const [load, web, db] = [mesh.idsOf('meshproof')[0]!, mesh.idsOf('shop', 'web')[0]!, mesh.idsOf('shop', 'db')[0]!];
  setOnPage(mesh, load, EXPIRATION, now - 5);
  failRenewals(mesh, web, 4);
  show(mesh, (id) => ({ anchor: id === db ? 'bb' : 'aa' }));
  for (const found of await diagnose()) {
    expect(named(found)).toEqual([
      { causes: ['certificate-expired'], pods: [load] },
      { causes: ['certificate-not-renewed'], pods: [web] },
      { causes: ['trust-anchors-differ'], pods: [db] },
    ]);
  }
});
