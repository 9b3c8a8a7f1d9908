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

/**
 * The certificate of one proxy: issued at once, renewed without a restart. New connections use the new one; open
 * connections keep theirs, as in Linkerd.
 */
export class WorkloadCredentials implements Disposable {
  readonly identity: string;
  readonly #issue: () => IssuedCertificate;
  readonly #anchorPem: string;
  readonly #policy: RefreshPolicy;
  readonly #listeners: ((certificate: IssuedCertificate) => void)[] = [];
  #certificate: IssuedCertificate;
  #context: SecureContext;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    authority: IdentityAuthority,
    workload: { serviceAccount: string; namespace: string },
    policy: RefreshPolicy = LINKERD_REFRESH,
  ) {
    this.#issue = () => authority.issueWorkload(workload.serviceAccount, workload.namespace);
    this.#anchorPem = authority.anchorPem;
    this.#policy = policy;
    this.#certificate = this.#issue();
    this.#context = this.#makeContext();
    this.identity = this.#certificate.name;
    this.#schedule();
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
    return { ...TLS_OPTIONS, cert: this.#certificate.certPem, key: this.#certificate.keyPem, ca: this.#anchorPem };
  }

  /** Called after each renewal. */
  onRenewed(listener: (certificate: IssuedCertificate) => void): void {
    this.#listeners.push(listener);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#listeners.length = 0;
  }

  #makeContext(): SecureContext {
    return createSecureContext(this.contextOptions);
  }

  #schedule(): void {
    const { share, minMs, maxMs } = this.#policy;
    const remainingMs = this.#certificate.notAfterEpochMs - Date.now();
    this.#timer = setTimeout(() => this.#renew(), Math.min(maxMs, Math.max(minMs, remainingMs * share)));
    this.#timer.unref();
  }

  #renew(): void {
    this.#certificate = this.#issue();
    this.#context = this.#makeContext();
    this.#schedule();
    for (const listener of this.#listeners) listener(this.#certificate);
  }
}
