import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../api/client.ts';
import { CertificateClient } from '../certificate-client.ts';
import { SERVICES, servingHosts } from '../component-env.ts';
import { controlEndpoint } from '../control-endpoint.ts';
import { ANYWHERE, MESH, newAuthority, page, SPEC, send } from '../testing/control-plane.ts';
import { IdentityServer } from './server.ts';

const authority = newAuthority();
/** A user of the API by each token that it knows. */
const USERS: Record<string, object> = {
  web: { authenticated: true, user: { username: 'system:serviceaccount:shop:web' }, audiences: ['identity.l5d.io'] },
  'for the API': {
    authenticated: true,
    user: { username: 'system:serviceaccount:shop:web' },
    audiences: ['https://kubernetes.default.svc'],
  },
  admin: { authenticated: true, user: { username: 'kubernetes-admin' }, audiences: ['identity.l5d.io'] },
  expired: { authenticated: false, error: 'token has expired' },
};

let server: IdentityServer;
let log: string[];
let reviews: unknown[];
let failWith: Error | null;

beforeEach(async () => {
  [log, reviews, failWith] = [[], [], null];
  server = await IdentityServer.start({
    authority,
    hosts: servingHosts(SPEC, 'identity', SERVICES.identity),
    api: {
      async request<T>(method: string, path: string, body?: unknown): Promise<T> {
        if (failWith) throw failWith;
        reviews.push({ method, path, body });
        const { token } = (body as { spec: { token: string } }).spec;
        return { status: USERS[token] ?? { authenticated: false } } as T;
      },
    },
    listen: ANYWHERE,
    admin: ANYWHERE,
    log: (line) => log.push(line),
  });
});
afterEach(() => server[Symbol.asyncDispose]());

const certify = (token: unknown) =>
  send(server.port, authority.anchorPem, { path: '/certify', body: JSON.stringify({ token }) });

describe('IdentityServer', () => {
  it('certifies a sidecar that shows its token, through the client of the sidecar', async () => {
    const client = new CertificateClient({
      endpoint: controlEndpoint('identity', MESH, { host: '127.0.0.1', port: server.port }),
      anchorPem: authority.anchorPem,
      readToken: async () => 'web',
      certified: () => {},
      refused: (cause) => expect.fail(String(cause)),
      refusedEarly: (cause) => expect.fail(String(cause)),
    });
    const { name, certPem } = await client.issue();
    expect(name).toBe('web.shop.serviceaccount.identity.linkerd.cluster.local');
    expect(new X509Certificate(certPem).subjectAltName).toBe(`DNS:${name}`);
    expect(reviews).toEqual([
      {
        method: 'POST',
        path: '/apis/authentication.k8s.io/v1/tokenreviews',
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenReview',
          spec: { token: 'web', audiences: ['identity.l5d.io'] },
        },
      },
    ]);
    expect(log).toEqual([`certified ${name}`]);
  });

  it.each([
    ['nobody knows', 'stolen', 'the API server does not know the token'],
    ['has expired', 'expired', 'token has expired'],
    ['is for another audience', 'for the API', 'the token is not for identity.l5d.io'],
    ['is of no ServiceAccount', 'admin', 'the token is of kubernetes-admin, which is no ServiceAccount'],
  ])('refuses a token that %s', async (_, token, reason) => {
    expect(await certify(token)).toEqual({ status: 401, text: `${reason}\n` });
    expect(log.join()).toContain(reason);
    expect(log.join()).not.toContain('certified');
  });

  it('says so when it cannot ask', async () => {
    failWith = new ApiError(403, 'POST tokenreviews', '{"message":"forbidden"}');
    const { status, text } = await certify('web');
    expect(status).toBe(503);
    expect(text).toContain('status 403: forbidden');
  });

  it.each([
    ['a body that is not JSON', 400, { path: '/certify', body: 'token' }],
    ['no token', 400, { path: '/certify', body: '{}' }],
    ['null', 400, { path: '/certify', body: 'null' }],
    ['another path', 404, { path: '/', body: '{}' }],
    ['another method', 404, { path: '/certify', method: 'GET' }],
  ])('refuses %s with %i', async (_, status, request) => {
    expect(await send(server.port, authority.anchorPem, request)).toMatchObject({ status });
    expect(reviews).toEqual([]);
  });

  it('tells on its admin port how long the issuer lives', async () => {
    const { text } = await page(server.adminPort);
    const seconds = Number(/^issuer_cert_ttl_seconds (\S+)$/m.exec(text)?.[1]);
    expect(seconds).toBeGreaterThan(364 * 86_400);
    expect(await page(server.adminPort, '/ready')).toEqual({ status: 200, text: 'ok\n' });
    expect(await page(server.adminPort, '/ping')).toEqual({ status: 200, text: 'pong\n' });
  });
});
