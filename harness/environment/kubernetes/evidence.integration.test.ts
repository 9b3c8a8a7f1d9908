import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectKube } from './connect.ts';
import type { Kube } from './contract.ts';
import { collectEvidence } from './evidence.ts';
import { StandInApi, status } from './testing/api.ts';
import { podObject, waiting, warning } from './testing/pods.ts';

let api: StandInApi;
let kube: Kube;
let dir: string;
beforeEach(async () => {
  api = await StandInApi.start();
  kube = await connectKube({ kubeconfig: api.kubeconfig });
  dir = mkdtempSync(join(tmpdir(), 'meshproof-evidence-'));
});
afterEach(async () => {
  await kube.close();
  await api[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

const crashed = podObject('cart-1', { ready: false, state: waiting('CrashLoopBackOff'), restartCount: 2 });
const pending = podObject('db-1', { ready: false, state: waiting('ContainerCreating'), containerID: undefined });
const PODS = '/api/v1/namespaces/shop/pods';

function cluster() {
  api.on('GET', PODS, () => ({ body: { items: [podObject('web-1'), crashed, pending] } }));
  api.on('GET', /pods\/[^/]+$/, ({ path }) => ({ body: path.endsWith('cart-1') ? crashed : podObject('web-1') }));
  api.on('GET', '/api/v1/namespaces/shop/events', () => ({
    body: {
      items: [
        { ...warning('cart-1', 'BackOff', 'back-off\n  restarting'), lastTimestamp: '2026-01-01T00:00:09Z' },
        warning('shop', 'Quota', 'exceeded', 'ReplicaSet'),
      ],
    },
  }));
  api.on('GET', /\/log$/, ({ path, query }) => ({
    body: `${path.split('/').at(-2)} ${query.get('container')} ${query.get('previous') === 'true' ? 'previous' : 'present'}\n`,
  }));
}

describe('collectEvidence', () => {
  it('writes events, pods and logs of namespaces, and says what is wrong', async () => {
    cluster();
    const folder = join(dir, 'deep', 'evidence');
    const said = await collectEvidence(kube, ['shop'], folder);
    expect(readdirSync(folder).sort()).toEqual([
      'events.txt',
      'shop.cart-1.app.log',
      'shop.cart-1.app.previous.log',
      'shop.cart-1.json',
      'shop.db-1.json',
      'shop.web-1.app.log',
      'shop.web-1.json',
    ]);
    const read = (file: string) => readFileSync(join(folder, file), 'utf8');
    expect(read('events.txt')).toBe(
      '2026-01-01T00:00:00Z shop Warning Quota ReplicaSet shop (x2): exceeded\n' +
        '2026-01-01T00:00:09Z shop Warning BackOff Pod cart-1 (x2): back-off restarting\n',
    );
    expect(read('shop.cart-1.app.previous.log')).toBe('cart-1 app previous\n');
    expect(read('shop.cart-1.app.log')).toBe('cart-1 app present\n');
    expect(JSON.parse(read('shop.cart-1.json'))).toMatchObject({ kind: 'Pod', metadata: { name: 'cart-1' } });
    expect(said).toBe(
      [
        '  shop/cart-1: Pending',
        '    app: waiting (CrashLoopBackOff), 2 restarts',
        '      | cart-1 app present',
        '    Warning BackOff Pod cart-1 (x2): back-off restarting',
        '  shop/db-1: Pending',
        '    app: waiting (ContainerCreating)',
        '  shop: Warning Quota ReplicaSet shop (x2): exceeded',
      ].join('\n'),
    );
  });

  it('takes pods as they are now', async () => {
    cluster();
    const before = { ...crashed, status: {} };
    const said = await collectEvidence(kube, [before], dir);
    expect(said).toContain('app: waiting (CrashLoopBackOff)');
    expect(readdirSync(dir)).toContain('shop.cart-1.app.previous.log');
  });

  it('writes what it was given when the API server has gone', async () => {
    await api.stop();
    const said = await collectEvidence(kube, [crashed, pending], dir);
    expect(said).toContain('app: waiting (CrashLoopBackOff), 2 restarts');
    expect(said).toMatch(/could not be had: pod shop\/cart-1 \(GET .*ECONNREFUSED/);
    expect(said).toMatch(/and \d more$/);
    expect(readdirSync(dir).sort()).toEqual(['shop.cart-1.json', 'shop.db-1.json']);
  });

  it('asks for no logs when the API server hangs up on it', async () => {
    api.on('GET', /./, (_asked, { request }) => {
      request.socket.destroy();
      return null;
    });
    expect(await collectEvidence(kube, [crashed, pending], dir)).toContain('could not be had');
    expect(api.paths('GET').filter((path) => path.endsWith('/log'))).toEqual([]);
  });

  it('does not take for a log what the kubelet says of one that it threw away', async () => {
    cluster();
    api.on('GET', /\/log$/, () => ({ body: 'unable to retrieve container logs for containerd://1' }));
    expect(await collectEvidence(kube, [crashed], dir)).not.toContain('unable');
    expect(readdirSync(dir).sort()).toEqual(['events.txt', 'shop.cart-1.json']);
  });

  it('goes on when one thing is refused', async () => {
    cluster();
    api.on('GET', '/api/v1/namespaces/shop/events', () => status(403, 'Forbidden', 'no events for you'));
    const said = await collectEvidence(kube, ['shop'], dir);
    expect(said).toContain(
      'could not be had: events of shop (GET /api/v1/namespaces/shop/events: 403: no events for you)',
    );
    expect(readdirSync(dir)).toContain('shop.cart-1.app.log');
  });

  it('does not throw when it cannot write', async () => {
    cluster();
    const file = join(dir, 'file');
    writeFileSync(file, '');
    expect(await collectEvidence(kube, ['shop'], file)).toMatch(/^evidence: EEXIST/);
  });
});
