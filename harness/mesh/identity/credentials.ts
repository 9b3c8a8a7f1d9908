import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { IdentityAuthority, IssuedCertificate } from './authority.ts';

/** When a certificate is renewed: after `share` of what remains of its life, within the bounds (facts, section 7). */
export interface RefreshPolicy {
  share: number;
  minMs: number;
  maxMs: number;
}

export const LINKERD_REFRESH: RefreshPolicy = { share: 0.7, minMs: 10_000, maxMs: 24 * 3600 * 1000 };

/** TLS 1.3 only; AES-128 first, for speed (it is what Linkerd's proxies agree on as well). */
export const TLS_OPTIONS = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
  ecdhCurve: 'X25519:P-256',
} satisfies SecureContextOptions;

/** Where a proxy gets its certificates from: an authority at hand, or the identity service of a cluster. */
export interface CertificateSource {
  /** What peers trust. */
  readonly anchorPem: string;
  issue(): IssuedCertificate | Promise<IssuedCertificate>;
}

/**
 * The certificate of one proxy: renewed without a restart. New connections use the new one; open connections keep theirs,
 * as in Linkerd.
 */
export class WorkloadCredentials implements Disposable {
  readonly identity: string;
  #source: CertificateSource;
  readonly #policy: RefreshPolicy;
  readonly #renewed: ((certificate: IssuedCertificate) => void)[] = [];
  readonly #failed: ((cause: unknown) => void)[] = [];
  #certificate: IssuedCertificate;
  #context: SecureContext;
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  /** @param first what the source has issued already */
  constructor(first: IssuedCertificate, source: CertificateSource, policy: RefreshPolicy = LINKERD_REFRESH) {
    this.#source = source;
    this.#policy = policy;
    this.#certificate = first;
    this.#context = this.#makeContext();
    this.identity = first.name;
    this.#schedule(this.#refreshMs());
  }

  /** Of an authority at hand. */
  static issuedBy(
    authority: IdentityAuthority,
    workload: { serviceAccount: string; namespace: string },
    policy?: RefreshPolicy,
  ): WorkloadCredentials {
    const issue = () => authority.issueWorkload(workload.serviceAccount, workload.namespace);
    return new WorkloadCredentials(issue(), { anchorPem: authority.anchorPem, issue }, policy);
  }

  get certificate(): IssuedCertificate {
    return this.#certificate;
  }

  /** For the connections that are opened from now on. */
  get context(): SecureContext {
    return this.#context;
  }

  /** What a TLS server needs to swap its certificate. */
  get contextOptions(): SecureContextOptions {
    const { certPem, keyPem } = this.#certificate;
    return { ...TLS_OPTIONS, cert: certPem, key: keyPem, ca: this.#source.anchorPem };
  }

  /** Called after each renewal. */
  onRenewed(listener: (certificate: IssuedCertificate) => void): void {
    this.#renewed.push(listener);
  }

  /** Called after each renewal that failed; the next one follows after the policy's minimum (facts, section 7). */
  onFailed(listener: (cause: unknown) => void): void {
    this.#failed.push(listener);
  }

  /** From now on certificates come from there; the first one at once. */
  takeFrom(source: CertificateSource): void {
    this.#source = source;
    this.renew();
  }

  /** As if the certificate were due now. */
  renew(): void {
    clearTimeout(this.#timer);
    if (!this.#disposed) this.#renew();
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#renewed.length = 0;
    this.#failed.length = 0;
  }

  #makeContext(): SecureContext {
    return createSecureContext(this.contextOptions);
  }

  #refreshMs(): number {
    const { share, minMs, maxMs } = this.#policy;
    const remainingMs = this.#certificate.notAfterEpochMs - Date.now();
    return Math.min(maxMs, Math.max(minMs, remainingMs * share));
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#renew(), afterMs);
    this.#timer.unref();
  }

  #renew(): void {
    try {
      const issued = this.#source.issue();
      if (issued instanceof Promise) {
        issued.then((certificate) => this.#adopt(certificate)).catch((cause: unknown) => this.#missed(cause));
      } else this.#adopt(issued);
    } catch (cause) {
      this.#missed(cause);
    }
  }

  #adopt(certificate: IssuedCertificate): void {
    if (this.#disposed) return;
    const before = this.#certificate;
    this.#certificate = certificate;
    try {
      this.#context = this.#makeContext();
    } catch (cause) {
      this.#certificate = before;
      throw cause;
    }
    this.#schedule(this.#refreshMs());
    for (const listener of this.#renewed) listener(certificate);
  }

  #missed(cause: unknown): void {
    if (this.#disposed) return;
    this.#schedule(this.#policy.minMs);
    for (const listener of this.#failed) listener(cause);
  }
}
