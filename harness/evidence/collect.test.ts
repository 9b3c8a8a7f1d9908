import { describe, expect, it } from 'vitest';
import { HarnessError } from '../core/errors.ts';
import type { KubernetesObject } from '../core/kubernetes-object.ts';
import type { EvidenceSource, PageTarget } from '../environment/contract.ts';
import { PrometheusClient } from '../prometheus/client.ts';
import { answering, answerQuestions } from './answer.ts';
import { collectEvidence } from './collect.ts';
import type { Evidence, PageEvidence, Question } from './types.ts';

/** Nobody listens there. */
const NOBODY = 'http://127.0.0.1:1';
const client = new PrometheusClient(NOBODY);

const object = (kind: string, name: string, more: object = {}): KubernetesObject =>
  ({ apiVersion: 'v1', kind, metadata: { name, namespace: 'shop' }, ...more }) as KubernetesObject;
const pod = (name: string, ip: string, more: object = {}) =>
  object('Pod', name, {
    spec: {
      containers: [{ name: 'linkerd-proxy', ports: [{ name: 'linkerd-admin', containerPort: 4191 }] }],
      serviceAccountName: name,
    },
    status: { phase: 'Running', podIP: ip },
    ...more,
  });
const page = ({ namespace, pod: name }: PageTarget): PageEvidence => ({
  ...{ namespace, pod: name, url: '', outcome: 'ok', connected: true, status: 200, error: '' },
  ...{ durationMs: 1, bytes: 0, page: { families: [], samples: [], hasEof: true }, duplicates: [] },
});
const refused = (message: string) => async () => {
  throw new HarnessError('CLUSTER_REFUSED', message, { hint: '' });
};

function source(
  objects: Record<string, KubernetesObject[] | (() => Promise<never>)>,
  change: Partial<EvidenceSource> = {},
): EvidenceSource {
  return {
    async list({ apiVersion, kind }) {
      const found = objects[kind] ?? objects[`${apiVersion}/${kind}`];
      if (typeof found === 'function') return found();
      if (!found) throw new HarnessError('KIND_UNKNOWN', `no ${kind}`, { hint: '' });
      return found;
    },
    fetchPage: async (target) => page(target),
    certificate: refused('no certificate'),
    access: refused('no access'),
    prometheusLog: async () => ['level=ERROR msg=x'],
    ...change,
  };
}

const whys = ({ unread }: Evidence) => Object.fromEntries(unread.map(({ what, why }) => [what, why]));

describe('collectEvidence', () => {
  it('reads what can be read, and says what can not', async () => {
    const evidence = await collectEvidence(
      source({
        Pod: [pod('web-1', '10.0.0.1')],
        Service: refused('services are forbidden'),
        Namespace: [object('Namespace', 'shop')],
      }),
      client,
    );
    expect(evidence.cluster.pods).toHaveLength(1);
    expect(evidence.cluster.namespaces).toHaveLength(1);
    expect(evidence.cluster).toMatchObject({ services: null, policies: null, rbac: null });
    expect(evidence.pages).toMatchObject([{ namespace: 'shop', pod: 'web-1', outcome: 'ok' }]);
    expect(evidence.prometheus).toMatchObject({
      url: NOBODY,
      version: '',
      clock: null,
      jobs: [],
      log: ['level=ERROR msg=x'],
    });
    const missing = whys(evidence);
    expect(missing.services).toBe('services are forbidden');
    expect(missing.targets).toMatch(/does not answer/);
    expect(Object.keys(missing).sort()).toEqual(
      [
        ...['clock of Prometheus', 'configuration of Prometheus', 'page of Prometheus', 'stored samples', 'targets'],
        ...['version of Prometheus', 'policies', 'roles', 'services'],
      ].sort(),
    );
  });

  it('has no pages where pods can not be listed', async () => {
    const evidence = await collectEvidence(source({ Pod: refused('pods are forbidden') }), client);
    expect(evidence.cluster.pods).toBeNull();
    expect(evidence.pages).toEqual([]);
    expect(evidence.controlPlaneNamespace).toBe('linkerd');
    expect(whys(evidence).pods).toBe('pods are forbidden');
  });

  it('waits for no pod longer than for its own page', async () => {
    const asked: string[] = [];
    const never = new Promise<never>(() => {});
    const evidence = await collectEvidence(
      source(
        { Pod: [pod('silent', '10.0.0.1'), pod('web-1', '10.0.0.2'), pod('web-2', '10.0.0.3')] },
        {
          fetchPage: (target) => {
            asked.push(target.pod);
            if (target.pod === 'silent') return never;
            return target.pod === 'web-2' ? Promise.reject(new Error('oops')) : Promise.resolve(page(target));
          },
        },
      ),
      client,
      { pageDeadlineMs: 50, deadlineMs: 200 },
    );
    expect(asked).toEqual(['silent', 'web-1', 'web-2']);
    expect(evidence.pages).toMatchObject([
      {
        pod: 'silent',
        outcome: 'failed',
        error: expect.stringContaining('no answer within'),
        url: 'http://10.0.0.1:4191/metrics',
      },
      { pod: 'web-1', outcome: 'ok' },
      { pod: 'web-2', outcome: 'failed', error: 'oops' },
    ]);
  });

  it('takes kinds that a cluster does not serve for none, and forbidden ones for unread', async () => {
    const evidence = await collectEvidence(
      source({
        Pod: [],
        Server: [object('Server', 'all')],
        'gateway.networking.k8s.io/v1/HTTPRoute': refused('routes are forbidden'),
        'policy.linkerd.io/v1beta3/HTTPRoute': [object('HTTPRoute', 'mine')],
      }),
      client,
    );
    expect(evidence.cluster.policies?.map(({ kind }) => kind)).toEqual(['Server', 'HTTPRoute']);
    expect(whys(evidence)['policies: HTTPRoute']).toBe('routes are forbidden');
    expect(whys(evidence)['policies: GRPCRoute']).toBeUndefined();
  });

  it('keeps the roles that concern the account of Prometheus', async () => {
    const prometheus = pod('prometheus', '10.0.0.9', {
      spec: { serviceAccountName: 'prom', containers: [{ name: 'server', image: 'quay.io/prometheus/prometheus:v3' }] },
    });
    const subject = (name: string) => [{ kind: 'ServiceAccount', name, namespace: 'shop' }];
    const bind = (name: string, role: string, account: string) =>
      object('ClusterRoleBinding', name, { subjects: subject(account), roleRef: { kind: 'ClusterRole', name: role } });
    const evidence = await collectEvidence(
      source({
        Pod: [prometheus],
        ClusterRole: [object('ClusterRole', 'reader'), object('ClusterRole', 'admin')],
        ClusterRoleBinding: [bind('a', 'reader', 'prom'), bind('b', 'admin', 'somebody')],
      }),
      client,
    );
    expect(evidence.cluster.rbac?.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'ClusterRoleBinding a',
      'ClusterRole reader',
    ]);
  });

  it('knows the control plane by its pods', async () => {
    const component = (name: string, namespace: string, of: string) =>
      pod(name, '10.0.0.1', { metadata: { name, namespace, labels: { 'linkerd.io/control-plane-component': of } } });
    const pods = [
      component('a', 'viz', 'prometheus'),
      component('b', 'l5d', 'destination'),
      component('c', 'l5d', 'identity'),
    ];
    expect((await collectEvidence(source({ Pod: pods }), client)).controlPlaneNamespace).toBe('l5d');
  });
});

describe('answering', () => {
  const pods = [pod('web-1', '10.0.0.1'), pod('web-2', '')];
  const evidence = (from: EvidenceSource) => collectEvidence(from, client, { deadlineMs: 1000 });

  it('asks the pod, the API, Prometheus; what can not be had is an error', async () => {
    const asked: unknown[] = [];
    const from = source(
      { Pod: pods },
      {
        fetchPage: async (target) => {
          asked.push(target);
          return page(target);
        },
        access: async (namespaces) => {
          asked.push(namespaces);
          return { how: 'own credentials', user: 'prometheus', everywhere: 'allowed', namespaces: {}, message: '' };
        },
      },
    );
    const known = await evidence(from);
    asked.length = 0;
    const questions: Question[] = [
      { ask: 'page', namespace: 'shop', pod: 'web-1', scheme: 'https', port: 9 },
      { ask: 'page', namespace: 'shop', pod: 'web-2', scheme: 'http', port: 9 },
      { ask: 'certificate', namespace: 'shop', pod: 'web-1' },
      { ask: 'access' },
      { ask: 'query', expr: 'up', atMs: 1 },
    ];
    const answers = await answerQuestions(from, client, known, questions);
    expect(questions.map((question) => answers.get(question))).toMatchObject([
      { to: 'page', page: { pod: 'web-1', outcome: 'ok' } },
      { to: 'error', message: 'no address of pod shop/web-2 is known' },
      { to: 'error', message: 'no certificate' },
      { to: 'access', access: { user: 'prometheus' } },
      { to: 'error', message: expect.stringContaining('does not answer') },
    ]);
    expect(asked).toEqual([
      { namespace: 'shop', pod: 'web-1', ip: '10.0.0.1', port: 9, scheme: 'https', deadlineMs: 2500 },
      ['shop'],
    ]);
  });

  it('waits for a page as long as the question says, and never less than for others', async () => {
    const deadlines: number[] = [];
    const fetchPage: EvidenceSource['fetchPage'] = async (target) => {
      deadlines.push(target.deadlineMs);
      // Longer than other answers may take.
      await new Promise((resolve) => setTimeout(resolve, 100));
      return page(target);
    };
    const from = source({ Pod: pods }, { fetchPage });
    const known = await evidence(from);
    deadlines.length = 0;
    const answer = answering(from, client, known, { deadlineMs: 30, pageDeadlineMs: 20 });
    const question = { ask: 'page', namespace: 'shop', pod: 'web-1', scheme: 'http', port: 9 } as const;
    expect(await answer(question)).toMatchObject({ to: 'error' });
    expect(await answer({ ...question, deadlineMs: 300 })).toMatchObject({ to: 'page', page: { outcome: 'ok' } });
    await answer({ ...question, deadlineMs: 10 });
    expect(deadlines).toEqual([20, 300, 20]);
  });

  it('does not wait for ever', async () => {
    const from = source({ Pod: pods }, { access: () => new Promise<never>(() => {}) });
    const answer = answering(from, client, await evidence(from), { deadlineMs: 30 });
    expect(await answer({ ask: 'access' })).toEqual({ to: 'error', message: 'no answer within 30 ms' });
  });
});
