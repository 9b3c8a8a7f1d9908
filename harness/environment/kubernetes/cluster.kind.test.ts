import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../core/wait.ts';
import { testKubeconfig } from '../kind/testing/kubeconfig.ts';
import { connectKube } from './connect.ts';
import type { Kube, KubernetesObject, PodObject } from './contract.ts';
import { refOf } from './discovery.ts';
import { collectEvidence } from './evidence.ts';
import { GATEWAY_HEADER } from './gateway.ts';
import { waitForPods } from './ready.ts';
import { imageWithNode, podWith } from './testing/kind.ts';

/** A cluster to work in, in namespaces of our own that are removed. */
const kubeconfig = testKubeconfig();
const run = `kubeapi-${process.pid}`;
const labels = { 'meshproof.io/run': run };
const namespaceOf = (name: string): KubernetesObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const configMap = (namespace: string, name: string, data: object = { a: '1' }): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', data },
  metadata: { name, namespace },
});

describe('a real cluster', () => {
  let kube: Kube;
  beforeAll(async () => {
    kube = await connectKube({ kubeconfig });
  });
  afterAll(async () => {
    await kube.delete(await kube.labelled(labels), { graceSeconds: 0 });
    await kube.close();
  }, 60_000);

  it('applies, finds by label and deletes, definitions and their objects included', async () => {
    const group = `${run}.meshproof.io`;
    const definition: KubernetesObject = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `things.${group}` },
      spec: {
        ...{ group, scope: 'Namespaced', names: { kind: 'Thing', plural: 'things', singular: 'thing' } },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    };
    const thing = { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 't', namespace: run } };
    const role = {
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: run } },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    };
    const service = {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: run } },
      spec: { selector: { app: 'none' }, ports: [{ port: 80 }] },
    };
    const objects = [namespaceOf(run), definition, thing, configMap(run, 'a'), configMap(run, 'b'), role, service];
    await kube.apply(objects, { labels });
    const key = (ref: object) => JSON.stringify(Object.entries(ref).sort());
    const found = await kube.labelled(labels);
    expect(found.map(key).sort()).toEqual(objects.map((object) => key(refOf(object))).sort());
    await kube.delete(found);
    expect(await kube.labelled(labels)).toEqual([]);
    expect(await kube.get({ ...refOf(thing) })).toBeNull();
  });

  it('owns what it applies: fields go when they are left out, and are taken from others', async () => {
    const namespace = `${run}-own`;
    await kube.apply([namespaceOf(namespace), configMap(namespace, 'a', { a: '1', b: '2' })], { labels });
    const path = `/api/v1/namespaces/${namespace}/configmaps/a`;
    const patch = { data: { a: 'of another', other: '3' } };
    await kube.request('PATCH', `${path}?fieldManager=other`, patch, { contentType: 'application/merge-patch+json' });
    await kube.apply([configMap(namespace, 'a', { a: '4' })], { labels });
    expect(await kube.get(refOf(configMap(namespace, 'a')))).toMatchObject({ metadata: { labels } });
    expect(((await kube.get(refOf(configMap(namespace, 'a')))) as KubernetesObject).data).toEqual({
      a: '4',
      other: '3',
    });
  });

  it('APPLY_REFUSED in the words of the API', async () => {
    const bad = { ...configMap(`${run}-none`, 'a') };
    await expect(kube.apply([bad], { labels })).rejects.toMatchObject({
      code: 'APPLY_REFUSED',
      message: `ConfigMap ${run}-none/a was refused: namespaces "${run}-none" not found`,
    });
    const unknown = { ...namespaceOf(`${run}-own`), spec: { finalisers: 1 } };
    await expect(kube.apply([unknown], { labels })).rejects.toMatchObject({ code: 'APPLY_REFUSED' });
  });

  it('NAMESPACE_STUCK names what holds it, for deleting and for applying; then it comes again', async () => {
    const namespace = `${run}-stuck`;
    const held = configMap(namespace, 'held');
    held.metadata.finalizers = ['meshproof.io/hold'];
    await kube.apply([namespaceOf(namespace), held], { labels });
    const stuck = {
      code: 'NAMESPACE_STUCK',
      message: expect.stringMatching(/configmaps\. has 1 resource instances.*ConfigMap held \(meshproof\.io\/hold\)/),
    };
    await expect(kube.delete([refOf(namespaceOf(namespace))], { deadlineMs: 8000 })).rejects.toMatchObject(stuck);
    const again = () => kube.apply([configMap(namespace, 'new')], { labels, namespaceDeadlineMs: 500 });
    await expect(again()).rejects.toMatchObject(stuck);
    await kube.request(
      'PATCH',
      `/api/v1/namespaces/${namespace}/configmaps/held`,
      { metadata: { finalizers: null } },
      {
        contentType: 'application/merge-patch+json',
      },
    );
    await kube.apply([namespaceOf(namespace), configMap(namespace, 'new')], { labels });
    expect(await kube.get(refOf(configMap(namespace, 'new')))).not.toBeNull();
  });

  describe('with pods', () => {
    const namespace = `${run}-pods`;
    let image: string;
    beforeAll(async () => {
      image = await imageWithNode(kube);
      await kube.apply([namespaceOf(namespace)], { labels });
    });

    it('reads pages through the API server as they are', async () => {
      const script = readFileSync(new URL('./testing/page-server.mjs', import.meta.url), 'utf8');
      const command = ['node', '--input-type=module', '-e', script];
      await kube.apply(podWith(namespace, 'pages', { image, command }), { labels: {} });
      const select = { namespace, fieldSelector: 'metadata.name=pages' };
      await waitForPods(kube, { what: 'the pages', select, expected: 1, deadlineMs: 60_000 });
      const url = await kube.gateway(namespace, 'pages', 8080);
      // Running is not yet listening.
      const metrics = await waitFor(
        async () => {
          const response = await fetch(`${url}/metrics`);
          return response.ok ? response : undefined;
        },
        { what: 'the page', deadlineMs: 20_000, hint: '' },
      );
      expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4');
      const page = await metrics.text();
      expect(page.length).toBeGreaterThan(500_000);
      expect(page).toContain('<b href="/c"> & ü\u2028 \\n\n');
      for (const path of ['/gzip', '/no-length']) {
        expect((await (await fetch(url + path)).text()) === page, path).toBe(true);
      }
      const plain = await fetch(`${url}/metrics`, { headers: { 'accept-encoding': 'identity' } });
      expect((await plain.text()) === page).toBe(true);
      expect(((await (await fetch(`${url}/json`)).json()) as { page: string }).page === page).toBe(true);

      const echo = await fetch(`${url}/echo?x=%22&y`, { method: 'PUT', body: page });
      expect(echo.status).toBe(201);
      expect(Object.fromEntries(echo.headers)).toMatchObject({ 'x-url': '/echo?x=%22&y', 'x-method': 'PUT' });
      expect((await echo.text()) === page).toBe(true);

      const away = await fetch(`${url}/away`, { redirect: 'manual' });
      expect([away.status, away.headers.get('location')]).toEqual([302, '/metrics?x=1']);
      const refused = await fetch(`${url}/refuse`);
      expect([refused.status, await refused.text()]).toEqual([503, '{"status":"error"}']);
      expect((await fetch(`${url}/none`)).status).toBe(404);
      await expect(fetch(`${url}/cut`).then((response) => response.text())).rejects.toThrow();

      const reader = (await fetch(`${url}/stream`)).body!.pipeThrough(new TextDecoderStream()).getReader();
      expect((await reader.read()).value).toBe('first');
      await fetch(`${url}/go-on`);
      expect((await reader.read()).value).toBe('last');

      const answers = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(`${url}/metrics`)).text()));
      expect(answers.every((answer) => answer === page)).toBe(true);
    });

    it('says when a pod can not be reached', async () => {
      const closed = await fetch(`${await kube.gateway(namespace, 'pages', 8081)}/x`);
      expect([closed.status, closed.headers.get(GATEWAY_HEADER)]).toEqual([503, 'unreachable']);
      expect(await closed.text()).toMatch(/pages, port 8081: the API server can't reach it: .*connection refused/);
      const missing = await fetch(`${await kube.gateway(namespace, 'missing', 80)}/x`);
      expect(missing.status).toBe(502);
      expect(await missing.text()).toContain('pods "missing" not found');
    });

    it('POD_FAILED for an image that is not there', async () => {
      await kube.apply(podWith(namespace, 'no-image', { image: 'meshproof/none:1' }), { labels: {} });
      const select = { namespace, fieldSelector: 'metadata.name=no-image' };
      await expect(
        waitForPods(kube, { what: 'the pod', select, expected: 1, deadlineMs: 60_000 }),
      ).rejects.toMatchObject({ code: 'POD_FAILED', message: expect.stringContaining('ErrImageNeverPull') });
    });

    it('PODS_NOT_READY and evidence have the last words of a container that crashes', async () => {
      const command = ['node', '-e', "console.log('last words'); process.exitCode = 3"];
      await kube.apply(podWith(namespace, 'crash', { image, command }), { labels: {} });
      const select = { namespace, fieldSelector: 'metadata.name=crash' };
      const restarted = () =>
        waitForPods(kube, { what: 'a restart', select, expected: 2, deadlineMs: 0 }).catch((e) => e);
      const error = await waitFor(
        async (seen) => {
          const { message } = await restarted();
          seen(message);
          return /[1-9] restarts, last ended with 3/.test(message) ? message : undefined;
        },
        { what: 'a restart', deadlineMs: 60_000, everyMs: 500, hint: '' },
      );
      expect(error).toContain(`${namespace}/crash`);
      expect(error).toContain('| last words');

      const dir = mkdtempSync(join(tmpdir(), 'meshproof-evidence-'));
      const said = await collectEvidence(kube, [namespace], dir);
      expect(said).toContain('last ended with 3');
      expect(said).toContain('no-image');
      expect(said).not.toContain(`${namespace}/pages`);
      expect(readFileSync(join(dir, `${namespace}.crash.app.log`), 'utf8')).toBe('last words\n');
      expect(readFileSync(join(dir, 'events.txt'), 'utf8')).toMatch(/Warning \S+ Pod no-image/);
      expect(readdirSync(dir)).toContain(`${namespace}.pages.json`);
      rmSync(dir, { recursive: true });
      const pod = await kube.get<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace, name: 'crash' });
      expect(pod?.status.containerStatuses?.[0]?.restartCount).toBeGreaterThan(0);
    });
  });
});
