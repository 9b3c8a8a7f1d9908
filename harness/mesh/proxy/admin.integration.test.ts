import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Rig } from './testing/rig.ts';

interface Page {
  status: number;
  raw: string[];
  body: Buffer;
}

async function get(rig: Rig, path: string, options: http.RequestOptions & { body?: string } = {}): Promise<Page> {
  const request = http.request({ ...rig.pods.get('load')!.admin, path, agent: false, ...options });
  request.end(options.body);
  return read(request);
}

async function read(request: http.ClientRequest): Promise<Page> {
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, raw: response.rawHeaders, body: Buffer.concat(chunks) };
}

describe('the admin listener', () => {
  it('answers /metrics as plain text without parameters, whatever the method and Accept', async () => {
    await using rig = await Rig.start({ services: {} });
    for (const options of [{}, { method: 'POST' }, { headers: { accept: 'application/openmetrics-text' } }]) {
      const { status, raw, body } = await get(rig, '/metrics', options);
      expect(status).toBe(200);
      expect(raw.slice(0, 4)).toEqual(['content-type', 'text/plain', 'content-length', String(body.length)]);
      expect(body.toString()).toBe('rendered load\n# EOF\n');
    }
  });

  it('compresses for those who accept gzip, and says so first', async () => {
    await using rig = await Rig.start({ services: {} });
    const { raw, body } = await get(rig, '/metrics', { headers: { 'accept-encoding': 'deflate, gzip' } });
    expect(raw.slice(0, 4)).toEqual(['content-encoding', 'gzip', 'content-type', 'text/plain']);
    expect(gunzipSync(body).toString()).toBe('rendered load\n# EOF\n');
  });

  it.each([
    ['GET', '/ready', 200, 'ready\n'],
    ['GET', '/live', 200, 'live\n'],
    ['GET', '/nothing', 404, ''],
    ['GET', '/shutdown', 405, ''],
    ['POST', '/shutdown', 404, 'shutdown endpoint is not enabled\n'],
    ['GET', '/env.json', 200, '{"NAME":"load"}'],
    ['GET', '/env.json?NAME&OTHER', 200, '{"NAME":"load","OTHER":null}'],
    ['GET', '/env.json?a=b', 400, 'query must be a list of names\n'],
    ['PUT', '/proxy-log-level', 204, ''],
    ['GET', '/proxy-log-level', 200, 'warn,linkerd=info'],
    ['DELETE', '/proxy-log-level', 405, ''],
  ])('%s %s: %i', async (method, path, status, body) => {
    await using rig = await Rig.start({ services: {} });
    const answer = await get(rig, path, { method, ...(method === 'PUT' ? { body: 'debug' } : {}) });
    expect({ status: answer.status, body: answer.body.toString() }).toEqual({ status, body });
  });

  it('counts its own traffic, the kubelet apart from scrapes, plaintext and mutual TLS on one port', async () => {
    await using rig = await Rig.start({ services: {} });
    await get(rig, '/metrics');
    await get(rig, '/ready');
    const { certPem, keyPem, name } = rig.credentials.get('load')!.certificate;
    const request = https.get({
      ...rig.pods.get('load')!.admin,
      path: '/metrics',
      agent: false,
      cert: certPem,
      key: keyPem,
      servername: name,
      // The name is what Linkerd's clients verify; whose anchor it is, the identity tests cover.
      rejectUnauthorized: false,
    });
    expect((await read(request)).status).toBe(200);
    const from = rig.events('load', 'admin').filter((line) => line.startsWith('from'));
    expect(from).toEqual(['from plaintext default', 'from plaintext probe', 'from load default']);
    expect(rig.events('load', 'admin').filter((line) => line === 'complete')).toHaveLength(3);
  });

  it.each(['', 'web.example.com'])('ends no TLS for those who ask for another name: %j', async (servername) => {
    await using rig = await Rig.start({ services: {} });
    const request = https.get({ ...rig.pods.get('load')!.admin, agent: false, servername, rejectUnauthorized: false });
    await expect(read(request)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(rig.events('load', 'admin')).toEqual([]);
  });
});
