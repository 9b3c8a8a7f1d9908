import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { IdentityAuthority, type IssuedCertificate } from '../../../mesh/identity/authority.ts';
import { readCertificate } from './certificate.ts';

const trust = { trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' };
const NAME = 'web.shop.serviceaccount.identity.linkerd.cluster.local';
const mesh = new IdentityAuthority(trust);
const stranger = new IdentityAuthority(trust);
const sha256 = (pem: string) => new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();

let server: tls.Server;
let certificate: IssuedCertificate;
beforeEach(() => {
  certificate = mesh.issueWorkload('web', 'shop');
});
afterEach(() => server.close());

/** Shown by a server that knows one name, and wants a certificate of its client too. */
async function shown(serverName = NAME) {
  const { certPem, keyPem, name } = certificate;
  server = tls.createServer({
    ...{ cert: certPem, key: keyPem, ca: mesh.anchorPem, requestCert: true, rejectUnauthorized: true },
    SNICallback: (asked, done) => done(asked === name ? null : new Error('unknown')),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return readCertificate({ host: '127.0.0.1', port }, { serverName, where: 'shop/web-1', anchorPem: mesh.anchorPem });
}

it('is shown to those who have none themselves', async () => {
  expect(await shown()).toEqual({
    anchorSha256: sha256(mesh.anchorPem),
    issuer: 'identity.linkerd.cluster.local',
    names: [NAME],
    notBeforeMs: Math.floor(certificate.notBeforeEpochMs / 1000) * 1000,
    notAfterMs: Math.floor(certificate.notAfterEpochMs / 1000) * 1000,
  });
});

it('of another anchor has another digest', async () => {
  certificate = stranger.issueWorkload('web', 'shop');
  const { anchorSha256, names } = await shown();
  expect(names).toEqual([NAME]);
  expect(anchorSha256).toMatch(/^[0-9a-f]{64}$/);
  expect(anchorSha256).not.toBe(sha256(mesh.anchorPem));
});

it('is none where nobody has that name, or nobody listens', async () => {
  await expect(shown('other')).rejects.toMatchObject({ code: 'NO_CERTIFICATE' });
  const nobody = readCertificate({ host: '127.0.0.1', port: 1 }, { serverName: NAME, where: 'x', anchorPem: '' });
  await expect(nobody).rejects.toMatchObject({
    code: 'NO_CERTIFICATE',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});
