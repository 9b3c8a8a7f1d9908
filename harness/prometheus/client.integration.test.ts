import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { PrometheusClient } from './client.ts';

const AT = Date.parse('2026-08-01T10:00:00.250Z');
const open: { close(): void; closeAllConnections(): void }[] = [];

/** A client of a server that answers everything alike, and what it was asked. */
async function answering(status: number, body: unknown) {
  const asked: { path: string; form: URLSearchParams }[] = [];
  const listener: RequestListener = async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    asked.push({ path: request.url!, form: new URLSearchParams(text) });
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  const server = createServer(listener).listen(0, '127.0.0.1');
  open.push(server);
  await once(server, 'listening');
  return { client: new PrometheusClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), asked };
}
const success = (data: unknown) => answering(200, { status: 'success', data });

afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

describe('PrometheusClient', () => {
  it('reads vectors and scalars, at the millisecond', async () => {
    const vector = await success({
      resultType: 'vector',
      result: [{ metric: { pod: 'web-1' }, value: [1785578400.25, '+Inf'] }],
    });
    expect(await vector.client.query('up', AT)).toEqual([
      { labels: { pod: 'web-1' }, t: AT, v: Number.POSITIVE_INFINITY },
    ]);
    expect(vector.asked[0]!.path).toBe('/api/v1/query');
    expect(Object.fromEntries(vector.asked[0]!.form)).toEqual({ query: 'up', time: '1785578400.250' });
    const scalar = await success({ resultType: 'scalar', result: [1785578400.25, 'NaN'] });
    expect(await scalar.client.queryScalar('1', AT)).toBeNaN();
  });

  it('wants exactly one sample for one value', async () => {
    const sample = { metric: {}, value: [1, '2'] };
    const none = await success({ resultType: 'vector', result: [] });
    await expect(none.client.queryScalar('up{a="b"}', AT)).rejects.toMatchObject({
      name: 'NoSampleError',
      message: 'no sample at 2026-08-01T10:00:00.250Z for: up{a="b"}',
    });
    const two = await success({ resultType: 'vector', result: [sample, sample] });
    await expect(two.client.queryScalar('up', AT)).rejects.toMatchObject({ name: 'MultipleSamplesError', count: 2 });
  });

  it('reads raw samples with their own times', async () => {
    const { client, asked } = await success({
      resultType: 'matrix',
      result: [
        {
          metric: { __name__: 'up' },
          // The first is on the edge, which Prometheus 2 gives as well.
          values: [
            [AT / 1000 - 90, '1'],
            [AT / 1000 - 1.499, '1'],
            [AT / 1000, '0'],
          ],
        },
        { metric: { __name__: 'up', job: 'gone' }, values: [[AT / 1000 - 90, '1']] },
      ],
    });
    expect(await client.rawSamples('up{}', 90_000, AT)).toEqual([
      {
        labels: { __name__: 'up' },
        samples: [
          { t: AT - 1499, v: 1 },
          { t: AT, v: 0 },
        ],
      },
    ]);
    expect(asked[0]!.form.get('query')).toBe('up{}[90s]');
    await expect(client.query('up[1m]', AT)).rejects.toThrow('up[1m] yields a matrix');
  });

  it('asks and answers by our clock where it knows how far the other is off', async () => {
    const { client, asked } = await success({
      resultType: 'vector',
      result: [{ metric: {}, value: [1785578430.25, '1'] }],
    });
    expect(await client.corrected(30_000).query('up', AT)).toEqual([{ labels: {}, t: AT, v: 1 }]);
    expect(asked[0]!.form.get('time')).toBe('1785578430.250');
    expect(client.corrected(0)).toBe(client);
  });

  it("passes on Prometheus' own words", async () => {
    const { client } = await answering(400, { status: 'error', errorType: 'bad_data', error: 'parse error: unclosed' });
    await expect(client.query('sum(', AT)).rejects.toMatchObject({
      code: 'PROMETHEUS_ERROR',
      message: expect.stringMatching(/refuses sum\(: bad_data: parse error: unclosed$/),
    });
    const page = await answering(502, '<html>bad gateway</html>');
    await expect(page.client.targets()).rejects.toThrow('HTTP 502: <html>bad gateway');
  });

  it('says that nothing answers', async () => {
    const { client } = await success(null);
    for (const server of open.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
    await expect(client.buildInfo()).rejects.toMatchObject({ code: 'PROMETHEUS_UNREACHABLE' });
    expect(await client.ready()).toBe(false);
  });

  it('asks with GET alone where it is told to, and says what it asked', async () => {
    const { client: other, asked } = await success({ resultType: 'vector', result: [] });
    const told: unknown[] = [];
    const client = new PrometheusClient(other.url, { method: 'GET', onRequest: (request) => told.push(request) });
    await client.query('up{a="b"}', AT);
    await client.config();
    const paths = ['/api/v1/query?query=up%7Ba%3D%22b%22%7D&time=1785578400.250', '/api/v1/status/config'];
    expect(asked.map(({ path, form }) => [path, form.size])).toEqual(paths.map((path) => [path, 0]));
    expect(told).toEqual(paths.map((path) => ({ method: 'GET', url: other.url + path, outcome: 200 })));
  });

  it('takes lists of targets that are null for empty', async () => {
    const { client } = await success({ activeTargets: null, droppedTargets: null });
    expect(await client.targets()).toEqual({ active: [], dropped: [], droppedCounts: {} });
  });
});
