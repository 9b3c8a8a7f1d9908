import { beforeEach, describe, expect, it } from 'vitest';
import { type KubernetesObject, LABELS, type ObjectRef } from '../../kubernetes/contract.ts';
import { nameOf } from '../../kubernetes/discovery.ts';
import { PaperKube } from '../testing/kube.ts';
import { aScenario } from '../testing/scenario.ts';
import type { DeployContext } from './deploy.ts';
import { deployLoad } from './load.ts';
import { deployPrometheus } from './prometheus.ts';
import { deployServices, podsByService } from './services.ts';

const images = { service: 's', load: 'l', prometheus: 'p' };
let kube: PaperKube;
let made: ObjectRef[];
let context: DeployContext;

beforeEach(() => {
  kube = new PaperKube();
  made = [];
  context = {
    runId: 'run-1',
    signal: new AbortController().signal,
    mesh: { kind: 'simulated' },
    made: (refs) => made.push(...refs),
  };
});

const namespace = (name: string, labels: Record<string, string> = {}, more: object = {}) =>
  kube.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels, ...more } });
const of = (run: string) => ({ [LABELS.managedBy]: 'meshproof', [LABELS.run]: run });
/** All services in one namespace. */
const inNamespace = (name: string) =>
  aScenario({
    services: aScenario().services.map((service) => ({
      ...service,
      namespace: name,
      id: `${name}/${service.name}`,
      serviceAccount: 'default',
    })),
  });

describe('services', () => {
  it('are applied in the order in which they need one another, with the labels of the run', async () => {
    const pods = await deployServices(kube, aScenario(), images, context);
    expect(kube.applied).toEqual([
      'Namespace shop',
      'Namespace store',
      'ServiceAccount shop/web',
      'ServiceAccount store/shared',
      'ConfigMap shop/web-meshproof',
      'ConfigMap store/cart-meshproof',
      'Service shop/web',
      'Service store/cart',
      'Deployment shop/web',
      'Deployment store/cart',
    ]);
    expect(kube.objects.get('Deployment shop/web')?.metadata.labels).toEqual(of('run-1'));
    expect(pods.map((pod) => pod.metadata.name).sort()).toEqual(['cart-0', 'cart-1', 'web-0']);
    const byService = podsByService(aScenario(), pods);
    expect([...byService].map(([id, its]) => [id, its.length])).toEqual([
      ['shop/web', 1],
      ['store/cart', 2],
    ]);
    // Namespaces take along what is in them.
    expect(made.map(nameOf)).toEqual(['Namespace shop', 'Namespace store']);
  });

  it('share a ServiceAccount', async () => {
    await deployServices(kube, inNamespace('shop'), images, context);
    expect(kube.applied.filter((name) => name.startsWith('ServiceAccount'))).toEqual(['ServiceAccount shop/default']);
  });

  it('go into the namespace of this run again, and into one that is going', async () => {
    namespace('shop', of('run-1'));
    namespace('store', of('another'), { deletionTimestamp: '2026-01-01T00:00:00Z' });
    await deployServices(kube, aScenario(), images, context);
    expect(made.map(nameOf)).toEqual(['Namespace shop', 'Namespace store']);
  });

  it.each([
    ['that somebody made', {}, /"store" is in the cluster, and meshproof did not make it/],
    ['that somebody else made with our run’s label', { [LABELS.run]: 'run-1' }, /did not make it/],
    ['of another run', of('another'), /"store" is of another run, another/],
  ])('don’t go into a namespace %s: nothing is changed', async (_, labels, message) => {
    namespace('store', labels);
    const deployed = deployServices(kube, aScenario(), images, context);
    await expect(deployed).rejects.toMatchObject({ code: 'NAMESPACE_NOT_OURS', exitCode: 4 });
    await expect(deployed).rejects.toThrow(message);
    expect([kube.applied, made]).toEqual([[], []]);
  });

  it('go into the default namespace, which stays, one by one', async () => {
    namespace('default');
    kube.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'theirs', namespace: 'default' } });
    const pods = await deployServices(kube, inNamespace('default'), images, context);
    expect(pods).toHaveLength(3);
    // Neither the namespace nor the ServiceAccount that is in each.
    expect(made.map(nameOf)).toEqual(kube.applied);
    expect(kube.applied).toEqual([
      'ConfigMap default/web-meshproof',
      'ConfigMap default/cart-meshproof',
      'Service default/web',
      'Service default/cart',
      'Deployment default/web',
      'Deployment default/cart',
    ]);
  });

  it('never replace what somebody has there', async () => {
    namespace('default');
    kube.put({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'cart', namespace: 'default' } });
    await expect(deployServices(kube, inNamespace('default'), images, context)).rejects.toMatchObject({
      code: 'OBJECT_NOT_OURS',
      message: expect.stringContaining('Deployment default/cart'),
    });
    expect([kube.applied, made]).toEqual([[], []]);
  });

  it('are told before they are made, so that what was made is known when making them fails', async () => {
    kube.apply = async () => {
      throw new Error('the API server has gone');
    };
    await expect(deployServices(kube, aScenario(), images, context)).rejects.toThrow('gone');
    expect(made.map(nameOf)).toEqual(['Namespace shop', 'Namespace store']);
  });

  it('must be told apart by their labels', async () => {
    const { services } = inNamespace('shop');
    const [web, cart] = services;
    const scenario = aScenario({ services: [web!, { ...cart!, labels: { app: 'web', tier: 'back' } }] });
    const deployed = deployServices(kube, scenario, images, context);
    await expect(deployed).rejects.toMatchObject({ code: 'LABELS_AMBIGUOUS', exitCode: 2 });
    await expect(deployed).rejects.toThrow('the labels of shop/web select the pods of shop/cart too');
  });
});

describe('Prometheus and the load generator', () => {
  const crashing = (pod: KubernetesObject): KubernetesObject => {
    const state = { waiting: { reason: 'CrashLoopBackOff' } };
    const containerStatuses = [{ name: 'prometheus', ready: false, restartCount: 3, state }];
    return { ...pod, spec: { containers: [{ name: 'prometheus' }] }, status: { phase: 'Running', containerStatuses } };
  };
  const PROMETHEUS = { mesh: { kind: 'simulated', version: '2.20' }, options: { meshedPrometheus: false } } as const;

  it('are made in namespaces of their own; what is in none is told', async () => {
    const pod = await deployPrometheus(kube, aScenario(), images, { ...context, ...PROMETHEUS });
    expect(pod.metadata.name).toBe('prometheus-0');
    expect(made.map(nameOf)).toEqual([
      'Namespace linkerd-viz',
      'ClusterRole linkerd-linkerd-viz-prometheus',
      'ClusterRoleBinding linkerd-linkerd-viz-prometheus',
    ]);
    expect((await deployLoad(kube, aScenario(), images, context)).metadata.name).toBe('load-0');
    expect(made.map(nameOf).slice(3)).toEqual(['Namespace meshproof']);
  });

  it('say what Prometheus says of rules that it refuses', async () => {
    const list = kube.list.bind(kube);
    kube.list = (async (kind: { kind: string }, options?: object) => {
      const found = await list<KubernetesObject>(kind, options);
      return kind.kind === 'Pod' ? found.map(crashing) : found;
    }) as typeof kube.list;
    const log = '/api/v1/namespaces/linkerd-viz/pods/prometheus-0/log';
    const deployed = (change: object) =>
      deployPrometheus(kube, aScenario(change), images, { ...context, ...PROMETHEUS });
    kube.texts.set(log, 'level=error msg="loading groups failed" err="scenario_rules.yml: 3:5: group \\"a\\" is bad"');
    await expect(deployed({ rules: 'groups: 1' })).rejects.toMatchObject({
      code: 'RULES_REFUSED',
      message: expect.stringMatching(/: scenario_rules.yml: 3:5: group "a" is bad$/),
      hint: expect.stringContaining('linkerd-viz/prometheus-config'),
    });
    // What else it does not come up for stays what it is.
    kube.texts.set(log, 'level=error msg="Opening storage failed" err="no space left on device"');
    await expect(deployed({ rules: 'groups: 1' })).rejects.toMatchObject({ code: 'POD_FAILED' });
    kube.texts.set(log, '');
    await expect(deployed({})).rejects.toMatchObject({ code: 'POD_FAILED' });
  });

  it('leave a linkerd-viz that is installed alone', async () => {
    kube.put({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'linkerd-linkerd-viz-prometheus' },
    });
    await expect(deployPrometheus(kube, aScenario(), images, { ...context, ...PROMETHEUS })).rejects.toMatchObject({
      code: 'OBJECT_NOT_OURS',
    });
  });
});
