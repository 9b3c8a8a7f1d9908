import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { StandInApi } from '../../environment/kubernetes/testing/api.ts';
import { readQueries } from './index.ts';

const { signal } = new AbortController();
const stack: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of stack.splice(0)) await close();
});

async function serve(answer: (url: string) => { status?: number; body: unknown }) {
  const asked: { url: string; authorization?: string }[] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url!, authorization: request.headers.authorization });
    const { status = 200, body } = answer(request.url!);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

describe('the rules of a running Prometheus', () => {
  it('are read', async () => {
    const rules = [
      { type: 'recording', name: 'a:b', query: 'sum(up)', labels: { x: 'y' } },
      { type: 'alerting', name: 'Down', query: 'up == 0', duration: 60, annotations: {}, alerts: [] },
    ];
    const body = { status: 'success', data: { groups: [{ name: 'g', file: '/etc/r.yml', rules }] } };
    const { url, asked } = await serve(() => ({ body }));
    const { queries, problems } = await readQueries({
      prometheus: { url, access: { bearerToken: 't' } },
      signal,
    });
    expect(problems).toEqual([]);
    expect(queries).toMatchObject([
      { place: `${url} (group g, record a:b)`, kind: 'recording', records: 'a:b', labels: { x: 'y' }, expr: 'sum(up)' },
      { place: `${url} (group g, alert Down)`, kind: 'alert', expr: 'up == 0' },
    ]);
    expect(asked).toEqual([{ url: '/api/v1/rules', authorization: 'Bearer t' }]);
  });

  it('that does not answer are a problem, and the rest goes on', async () => {
    const { url } = await serve(() => ({ body: {} }));
    await stack.pop()!();
    const { problems } = await readQueries({ prometheus: { url }, rules: ['/nowhere.yaml'], signal });
    expect(problems).toMatchObject([
      { place: '/nowhere.yaml', code: 'INPUT_UNREADABLE', message: 'there is no such file or folder', whole: true },
      { place: url, code: 'PROMETHEUS_UNREACHABLE', whole: true },
    ]);
  });

  it('that are none are a problem: nothing would be compared', async () => {
    for (const data of [{ groups: [] }, { groups: [{ name: 'g' }] }, null]) {
      const { url } = await serve(() => ({ body: { status: 'success', data } }));
      const { problems } = await readQueries({ prometheus: { url }, signal });
      expect(problems).toMatchObject([{ place: url, code: 'NO_RULES', whole: true }]);
    }
  });

  it('that refuses, or is none, are a problem without what we were let in with', async () => {
    const { url } = await serve(() => ({ status: 401, body: 'no' }));
    const withUser = url.replace('//', '//me:secret@');
    const { problems } = await readQueries({ prometheus: { url: withUser }, signal });
    expect(problems).toMatchObject([{ place: url, code: 'PROMETHEUS_ERROR', whole: true }]);
    expect(JSON.stringify(problems)).not.toContain('secret');
  });
});

describe('the rules of a cluster', () => {
  const PATH = '/apis/monitoring.coreos.com/v1/prometheusrules';

  it('are read, and nothing else is done', async () => {
    await using api = await StandInApi.start();
    const object = (name: string, expr: string) => ({
      metadata: { namespace: 'monitoring', name },
      spec: { groups: [{ name: 'g', rules: [{ alert: 'A', expr }] }] },
    });
    api.on('GET', PATH, () => ({ body: { items: [object('one', 'up'), object('two', 'sum(')] } }));
    const { queries, problems } = await readQueries({ cluster: { kubeconfig: api.kubeconfig }, signal });
    expect(queries.map(({ place }) => place)).toEqual([
      'PrometheusRule monitoring/one (group g, alert A)',
      'PrometheusRule monitoring/two (group g, alert A)',
    ]);
    expect(problems).toMatchObject([{ place: queries[1]!.place, code: 'PROMQL_SYNTAX', whole: false }]);
    expect(api.asked.map(({ method, path }) => [method, path])).toEqual([['GET', PATH]]);
  });

  it('that has none are a problem', async () => {
    await using api = await StandInApi.start();
    api.on('GET', PATH, () => ({ body: { items: [] } }));
    const { problems } = await readQueries({ cluster: { kubeconfig: api.kubeconfig }, signal });
    expect(problems).toMatchObject([{ code: 'NO_RULES', whole: true }]);
  });

  it('that does not know such objects are a problem', async () => {
    await using api = await StandInApi.start();
    const { problems } = await readQueries({ cluster: { kubeconfig: api.kubeconfig }, signal });
    expect(problems).toMatchObject([
      { code: 'NO_PROMETHEUS_RULES', message: 'the cluster does not know PrometheusRule objects', whole: true },
    ]);
  });

  it('that is not there, or whose kubeconfig is not, are a problem', async () => {
    const { problems } = await readQueries({ cluster: { kubeconfig: '/nowhere', context: 'x' }, signal });
    expect(problems).toMatchObject([{ place: 'cluster x', whole: true }]);
  });
});

it('ends when it is told to', async () => {
  const { url } = await serve(() => ({ body: {} }));
  await expect(readQueries({ prometheus: { url }, signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow(
    'stop',
  );
});
