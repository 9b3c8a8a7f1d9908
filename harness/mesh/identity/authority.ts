import { HarnessError } from '../../core/errors.ts';
import { identityName } from '../../core/topology.ts';
import { generateKeys, type KeyPair, keyToPem, signCertificate } from './certificate.ts';

const YEAR_MS = 365 * 24 * 3600 * 1000;

export interface AuthorityOptions {
  trustDomain: string;
  controlPlaneNamespace: string;
  /** Validity of a workload's certificate without the skew. Default 24 h (facts, section 7). */
  lifetimeMs?: number;
  /** Added at both ends of the validity. Default 20 s. */
  clockSkewMs?: number;
}

/** A certificate with its key, as PEM. `certPem` is the chain: leaf, then issuer. */
export interface IssuedCertificate {
  name: string;
  certPem: string;
  keyPem: string;
  notBeforeEpochMs: number;
  notAfterEpochMs: number;
}

/**
 * The identity service of one run: a trust anchor, an issuer below it, and what they sign. Names and validity are
 * Linkerd's (facts, section 7): NotBefore = now - 20 s, NotAfter = now + 24 h 20 s.
 */
export class IdentityAuthority {
  /** What peers trust. */
  readonly anchorPem: string;
  readonly issuerNotAfterEpochMs: number;
  readonly #options: Required<AuthorityOptions>;
  readonly #issuerPem: string;
  readonly #issuerSubject: string;
  readonly #issuerKeys: KeyPair = generateKeys();

  constructor(options: AuthorityOptions) {
    this.#options = { lifetimeMs: 24 * 3600 * 1000, clockSkewMs: 20_000, ...options };
    const { lifetimeMs, clockSkewMs, controlPlaneNamespace, trustDomain } = this.#options;
    if (lifetimeMs <= 0 || clockSkewMs < 0) {
      throw new HarnessError('BAD_LIFETIME', `a certificate lifetime of ${lifetimeMs} ms (skew ${clockSkewMs} ms)`, {
        hint: 'give a lifetime above 0 and a skew of 0 or more',
      });
    }
    const now = Date.now();
    const notBeforeEpochMs = now - clockSkewMs;
    const root = { subject: `root.${controlPlaneNamespace}.${trustDomain}`, keys: generateKeys() };
    this.anchorPem = signCertificate(
      { ...root, hosts: [], authority: { pathLength: 1 }, notBeforeEpochMs, notAfterEpochMs: now + 10 * YEAR_MS },
      root,
    );
    this.#issuerSubject = `identity.${controlPlaneNamespace}.${trustDomain}`;
    this.issuerNotAfterEpochMs = now + YEAR_MS;
    this.#issuerPem = signCertificate(
      {
        subject: this.#issuerSubject,
        keys: this.#issuerKeys,
        hosts: [],
        authority: { pathLength: 0 },
        notBeforeEpochMs,
        notAfterEpochMs: this.issuerNotAfterEpochMs,
      },
      root,
    );
  }

  /** A certificate for a workload's ServiceAccount, with Linkerd's name as its only DNS name. */
  issueWorkload(serviceAccount: string, namespace: string): IssuedCertificate {
    const { controlPlaneNamespace, trustDomain, lifetimeMs, clockSkewMs } = this.#options;
    const name = identityName(serviceAccount, namespace, controlPlaneNamespace, trustDomain);
    const now = Date.now();
    return this.#issue(name, [name], now - clockSkewMs, now + lifetimeMs + clockSkewMs);
  }

  /** A server certificate for the given DNS names and addresses (the Kubernetes API), valid for half a year. */
  issueServing(hosts: string[]): IssuedCertificate {
    const now = Date.now();
    return this.#issue(hosts[0] ?? 'localhost', hosts, now - this.#options.clockSkewMs, now + YEAR_MS / 2);
  }

  #issue(name: string, hosts: string[], notBeforeEpochMs: number, notAfterEpochMs: number): IssuedCertificate {
    const keys = generateKeys();
    const leaf = signCertificate(
      { subject: name, hosts, authority: null, keys, notBeforeEpochMs, notAfterEpochMs },
      { subject: this.#issuerSubject, keys: this.#issuerKeys },
    );
    return {
      name,
      certPem: leaf + this.#issuerPem,
      keyPem: keyToPem(keys.privateKey),
      notBeforeEpochMs,
      notAfterEpochMs,
    };
  }
}
