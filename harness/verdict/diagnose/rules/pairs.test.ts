import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anyMesh,
  BROKEN_DISCOVERY,
  BROKEN_SCRAPES,
  type Broken,
  Draw,
  diagnoseMesh,
  keepProxies,
  TestMesh,
} from '../testing/index.ts';
import { DISCOVERY_RULES } from './discovery/index.ts';
import { SCRAPE_RULES } from './scrapes/index.ts';

const RULES = [...DISCOVERY_RULES, ...SCRAPE_RULES];
const named = (name: string): Broken => [...BROKEN_DISCOVERY, ...BROKEN_SCRAPES].find((one) => one.name === name)!;

/** Those that are seen in a pod itself, or in its page. */
const OF_PODS = [
  'pod-not-injected',
  'admin-port-renamed',
  'container-renamed',
  'control-plane-label-wrong',
  'pod-label-overwrites-target-label',
  'admin-port-denied',
  'dropped: no connection',
  'admin-port-refused',
  'plaintext on TLS ports',
  'scrape-timeout',
  'page-malformed',
  'page-cut-off',
  'duplicate-series',
];
/** Those that concern everybody. */
const OF_ALL = [
  'rbac-denied',
  'token-expired',
  'api-ca-untrusted',
  'annotation in front of the keep rule',
  'keep-rule-keeps-nothing',
  'https on plaintext ports',
  'control plane kept by the names of another version',
  'prometheus-clock-off',
];

describe('two faults in one mesh', () => {
  const pairs = OF_ALL.flatMap((ofAll) => OF_PODS.map((ofPods) => [ofAll, ofPods] as const)).filter(
    // A job with https reads what speaks TLS alone.
    ([ofAll, ofPods]) => !(ofAll.startsWith('https') && ofPods.endsWith('TLS ports')),
  );
  it.each(pairs)('are both found: %s and %s', async (one, other) => {
    await fc.assert(
      fc.asyncProperty(anyMesh, fc.nat(), async (options, seed) => {
        const mesh = new TestMesh(options);
        const draw = new Draw(seed);
        const other_ = named(other);
        // The pod first: what concerns all is then about those that are left.
        const ofPods = other_.breaks(mesh, draw);
        const ofAll = named(one).breaks(mesh, draw);
        const findings = await diagnoseMesh(mesh, null, RULES);
        expect(findings.map(({ causes }) => causes.join()).toSorted()).toEqual(
          [named(one).cause, other_.cause].toSorted(),
        );
        const podsOf = (cause: string) => findings.find(({ causes }) => causes[0] === cause)?.pods;
        expect(podsOf(other_.cause)).toEqual(ofPods);
        expect(podsOf(named(one).cause)).toEqual(ofAll);
      }),
      { numRuns: 2 },
    );
  });

  it('are both found: a rule for an empty namespace, and a pod without the label, which passes it', async () => {
    const mesh = new TestMesh();
    const [web] = mesh.idsOf('shop', 'web');
    delete mesh.pod(web!).metadata.labels!['linkerd.io/control-plane-ns'];
    mesh.job('linkerd-proxy').relabel[1] = keepProxies('');
    const findings = await diagnoseMesh(mesh, null, RULES);
    expect(findings.map(({ causes, pods }) => ({ causes, pods }))).toEqual([
      { causes: ['control-plane-label-wrong'], pods: [web] },
      { causes: ['keep-rule-keeps-nothing'], pods: mesh.proxyIds },
    ]);
  });

  it('are both found: https on ports of the control plane, which Prometheus may not list', async () => {
    const mesh = new TestMesh();
    const ids = named("https on the control plane's own ports").breaks(mesh, new Draw(1));
    const namespaces = [...new Set(mesh.pods.map((pod) => pod.metadata.namespace!))];
    mesh.job('linkerd-proxy').kubernetes = [{ role: 'pod', namespaces }];
    mesh.discovers = namespaces.filter((name) => name !== 'linkerd');
    const rights = namespaces.map((name) => [name, name === 'linkerd' ? 'forbidden' : 'allowed'] as const);
    mesh.access = { ...mesh.access, everywhere: 'forbidden', namespaces: Object.fromEntries(rights) };
    const findings = await diagnoseMesh(mesh, null, RULES);
    expect(findings.map(({ causes, pods }) => ({ causes, pods }))).toEqual([
      { causes: ['rbac-some-namespaces'], pods: ids },
      { causes: ['tls-to-plaintext-port'], pods: ids },
    ]);
  });
});
