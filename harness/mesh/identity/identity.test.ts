import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { IdentityAuthority } from './authority.ts';
import { WorkloadCredentials } from './credentials.ts';
import * as der from './der.ts';

const options = { trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' };
const HOUR = 3600 * 1000;

afterEach(() => vi.useRealTimers());

describe('IdentityAuthority', () => {
  it('signs workloads through an issuer below the anchor, with Linkerd name and validity', () => {
    const authority = new IdentityAuthority(options);
    const now = Date.now();
    const issued = authority.issueWorkload('web', 'shop');
    const [leaf, issuer] = issued.certPem
      .split(/(?<=-----END CERTIFICATE-----\n)/)
      .filter(Boolean)
      .map((pem) => new X509Certificate(pem)) as [X509Certificate, X509Certificate];
    const anchor = new X509Certificate(authority.anchorPem);
    expect(leaf.subjectAltName).toBe('DNS:web.shop.serviceaccount.identity.linkerd.cluster.local');
    expect(leaf.ca).toBe(false);
    expect(issuer.ca).toBe(true);
    expect(leaf.verify(issuer.publicKey)).toBe(true);
    expect(leaf.checkIssued(issuer)).toBe(true);
    expect(issuer.verify(anchor.publicKey)).toBe(true);
    expect(issuer.checkIssued(anchor)).toBe(true);
    // Certificates tell whole seconds.
    expect(Math.abs(leaf.validFromDate.getTime() - (now - 20_000))).toBeLessThan(2000);
    expect(Math.abs(leaf.validToDate.getTime() - (now + 24 * HOUR + 20_000))).toBeLessThan(2000);
  });

  it('has an anchor of its own each time', () => {
    const other = new X509Certificate(new IdentityAuthority(options).anchorPem);
    const leaf = new X509Certificate(new IdentityAuthority(options).issueWorkload('web', 'shop').certPem);
    expect(leaf.verify(other.publicKey)).toBe(false);
  });

  it('signs servers for names and addresses of both families', () => {
    const { certPem } = new IdentityAuthority(options).issueServing([
      '127.1.2.3',
      '::1',
      'fd00::a:1',
      'kubernetes.default.svc',
    ]);
    const certificate = new X509Certificate(certPem);
    expect(certificate.checkIP('127.1.2.3')).toBe('127.1.2.3');
    expect(certificate.checkIP('::1')).toBe('::1');
    expect(certificate.checkIP('fd00::a:1')).toBe('fd00::a:1');
    expect(certificate.checkHost('kubernetes.default.svc')).toBe('kubernetes.default.svc');
    expect(certificate.checkIP('127.1.2.4')).toBeUndefined();
  });

  it('signs elsewhere as the same authority', () => {
    const made = new IdentityAuthority(options);
    const other = new IdentityAuthority(options, made.material);
    const [leaf, issuer] = other
      .issueWorkload('web', 'shop')
      .certPem.split(/(?<=-----END CERTIFICATE-----\n)/)
      .filter(Boolean)
      .map((pem) => new X509Certificate(pem)) as [X509Certificate, X509Certificate];
    expect(leaf.checkIssued(issuer)).toBe(true);
    expect(leaf.verify(issuer.publicKey)).toBe(true);
    expect(issuer.verify(new X509Certificate(made.anchorPem).publicKey)).toBe(true);
    expect(other.issuerNotAfterEpochMs).toBe(made.issuerNotAfterEpochMs);
  });

  it.each([
    ['another key', 'issuerKeyPem'],
    ['another anchor', 'anchorPem'],
  ] as const)('refuses %s', (_, part) => {
    const material = new IdentityAuthority(options).material;
    const mixed = { ...material, [part]: new IdentityAuthority(options).material[part] };
    expect(() => new IdentityAuthority(options, mixed)).toThrow(expect.objectContaining({ code: 'BAD_ISSUER' }));
  });

  it('takes names longer than a common name may be', () => {
    const namespace = 'n'.repeat(60);
    const { certPem, name } = new IdentityAuthority(options).issueWorkload('web', namespace);
    expect(new X509Certificate(certPem).checkHost(name)).toBe(name);
  });

  it('refuses a lifetime that is not one', () => {
    expect(() => new IdentityAuthority({ ...options, lifetimeMs: 0 })).toThrow(
      expect.objectContaining({ code: 'BAD_LIFETIME' }),
    );
  });
});

describe('WorkloadCredentials', () => {
  it('renews at 70 % of what remains, and each time anew', () => {
    vi.useFakeTimers();
    const authority = new IdentityAuthority({ ...options, lifetimeMs: HOUR, clockSkewMs: 0 });
    using credentials = WorkloadCredentials.issuedBy(authority, { serviceAccount: 'web', namespace: 'shop' });
    const renewed: string[] = [];
    credentials.onRenewed(({ certPem }) => renewed.push(new X509Certificate(certPem).serialNumber));
    const first = credentials.context;
    vi.advanceTimersByTime(0.7 * HOUR - 1000);
    expect(renewed).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(renewed).toHaveLength(1);
    expect(credentials.context).not.toBe(first);
    vi.advanceTimersByTime(0.7 * HOUR);
    expect(new Set(renewed).size).toBe(2);
  });

  it('waits ten seconds at least', () => {
    vi.useFakeTimers();
    const authority = new IdentityAuthority({ ...options, lifetimeMs: 1000, clockSkewMs: 0 });
    using credentials = WorkloadCredentials.issuedBy(authority, { serviceAccount: 'web', namespace: 'shop' });
    let renewals = 0;
    credentials.onRenewed(() => renewals++);
    vi.advanceTimersByTime(9_999);
    expect(renewals).toBe(0);
    vi.advanceTimersByTime(1);
    expect(renewals).toBe(1);
  });
});

describe('WorkloadCredentials of an identity service', () => {
  it('keep what they have when a renewal fails, and try again after the least time', async () => {
    vi.useFakeTimers();
    const authority = new IdentityAuthority({ ...options, lifetimeMs: HOUR, clockSkewMs: 0 });
    let down = true;
    let asked = 0;
    const issue = async () => {
      asked++;
      if (down) throw new Error('down');
      return authority.issueWorkload('web', 'shop');
    };
    const first = authority.issueWorkload('web', 'shop');
    using credentials = new WorkloadCredentials(first, { anchorPem: authority.anchorPem, issue });
    const events: string[] = [];
    credentials.onFailed((cause) => events.push((cause as Error).message));
    credentials.onRenewed(() => events.push('renewed'));
    await vi.advanceTimersByTimeAsync(0.7 * HOUR);
    expect([credentials.certificate, events]).toEqual([first, ['down']]);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(asked).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toBe(2);
    down = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(events).toEqual(['down', 'down', 'renewed']);
    expect(credentials.certificate).not.toBe(first);
    await vi.advanceTimersByTimeAsync(0.7 * HOUR - 1);
    expect(asked).toBe(3);
  });

  it('keep what they have when they are given something that is no certificate', async () => {
    vi.useFakeTimers();
    const authority = new IdentityAuthority({ ...options, lifetimeMs: HOUR, clockSkewMs: 0 });
    const first = authority.issueWorkload('web', 'shop');
    const issue = async () => ({ ...first, certPem: 'nonsense' });
    using credentials = new WorkloadCredentials(first, { anchorPem: authority.anchorPem, issue });
    let failed = 0;
    credentials.onFailed(() => failed++);
    await vi.advanceTimersByTimeAsync(0.7 * HOUR + 10_000);
    expect(failed).toBe(2);
    expect(credentials.certificate).toBe(first);
  });

  it('ask no more when they are done with', async () => {
    vi.useFakeTimers();
    const authority = new IdentityAuthority({ ...options, lifetimeMs: HOUR, clockSkewMs: 0 });
    const first = authority.issueWorkload('web', 'shop');
    let answer = (_: typeof first) => {};
    const issue = () =>
      new Promise<typeof first>((resolve) => {
        answer = resolve;
      });
    const credentials = new WorkloadCredentials(first, { anchorPem: authority.anchorPem, issue });
    await vi.advanceTimersByTimeAsync(0.7 * HOUR);
    credentials[Symbol.dispose]();
    answer(authority.issueWorkload('web', 'shop'));
    await vi.advanceTimersByTimeAsync(0);
    expect(credentials.certificate).toBe(first);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('DER', () => {
  it.each([
    ['2.5.29.17', '0603551d11'],
    ['1.2.840.10045.4.3.2', '06082a8648ce3d040302'],
  ])('writes the object identifier %s', (dotted, hex) => {
    expect(der.oid(dotted).toString('hex')).toBe(hex);
  });

  it('writes lengths of any size and integers that stay positive', () => {
    expect(der.octets(Buffer.alloc(127)).subarray(0, 2).toString('hex')).toBe('047f');
    expect(der.octets(Buffer.alloc(200)).subarray(0, 3).toString('hex')).toBe('0481c8');
    expect(der.octets(Buffer.alloc(1000)).subarray(0, 4).toString('hex')).toBe('048203e8');
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n }), (value) => {
        const hex = value.toString(16);
        const [, length, ...body] = der.integer(Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex'));
        return (
          length === body.length &&
          (body[0]! & 0x80) === 0 &&
          BigInt(`0x${Buffer.from(body).toString('hex')}`) === value
        );
      }),
    );
  });

  it('changes to four-digit years in 2050', () => {
    expect(
      der
        .time(Date.UTC(2049, 11, 31, 23, 59, 59))
        .toString('latin1')
        .slice(2),
    ).toBe('491231235959Z');
    expect(
      der
        .time(Date.UTC(2050, 0, 1))
        .toString('latin1')
        .slice(2),
    ).toBe('20500101000000Z');
  });
});
