import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { describe, HarnessError } from '../../core/errors.ts';
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

/** When a certificate is valid, epoch ms. */
export interface Validity {
  notBeforeEpochMs: number;
  notAfterEpochMs: number;
}

/** A certificate with its key, as PEM. `certPem` is the chain: leaf, then issuer. */
export interface IssuedCertificate extends Validity {
  name: string;
  certPem: string;
  keyPem: string;
}

/** What an authority is made of, as PEM: enough to sign with it elsewhere. The anchor's key is never kept. */
export interface AuthorityMaterial {
  anchorPem: string;
  issuerPem: string;
  issuerKeyPem: string;
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
  readonly #issuerKeys: KeyPair;

  /**
   * @param material an authority that was made before; a new one by default
   * @throws HarnessError BAD_LIFETIME, BAD_ISSUER
   */
  constructor(options: AuthorityOptions, material?: AuthorityMaterial) {
    this.#options = { lifetimeMs: 24 * 3600 * 1000, clockSkewMs: 20_000, ...options };
    const { lifetimeMs, clockSkewMs } = this.#options;
    if (lifetimeMs <= 0 || clockSkewMs < 0) {
      throw new HarnessError('BAD_LIFETIME', `a certificate lifetime of ${lifetimeMs} ms (skew ${clockSkewMs} ms)`, {
        hint: 'give a lifetime above 0 and a skew of 0 or more',
      });
    }
    const { anchorPem, issuerPem, issuerKeyPem } = material ?? newMaterial(this.#options);
    const issuer = readIssuer(anchorPem, issuerPem, issuerKeyPem);
    this.anchorPem = anchorPem;
    this.issuerNotAfterEpochMs = issuer.notAfterEpochMs;
    this.#issuerPem = issuerPem;
    this.#issuerSubject = issuer.subject;
    this.#issuerKeys = issuer.keys;
  }

  /** What another process needs to sign as this authority. */
  get material(): AuthorityMaterial {
    return {
      anchorPem: this.anchorPem,
      issuerPem: this.#issuerPem,
      issuerKeyPem: keyToPem(this.#issuerKeys.privateKey),
    };
  }

  /**
   * A certificate for a workload's ServiceAccount, with Linkerd's name as its only DNS name.
   * @param validity another than the authority's, in whole seconds
   */
  issueWorkload(serviceAccount: string, namespace: string, validity?: Validity): IssuedCertificate {
    const { controlPlaneNamespace, trustDomain, lifetimeMs, clockSkewMs } = this.#options;
    const name = identityName(serviceAccount, namespace, controlPlaneNamespace, trustDomain);
    if (validity) return this.#issue(name, [name], validity.notBeforeEpochMs, validity.notAfterEpochMs);
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

function newMaterial(options: Required<AuthorityOptions>): AuthorityMaterial {
  const { clockSkewMs, controlPlaneNamespace, trustDomain } = options;
  const now = Date.now();
  const notBeforeEpochMs = now - clockSkewMs;
  const root = { subject: `root.${controlPlaneNamespace}.${trustDomain}`, keys: generateKeys() };
  const issuer = { subject: `identity.${controlPlaneNamespace}.${trustDomain}`, keys: generateKeys() };
  const common = { hosts: [], notBeforeEpochMs };
  return {
    anchorPem: signCertificate(
      { ...root, ...common, authority: { pathLength: 1 }, notAfterEpochMs: now + 10 * YEAR_MS },
      root,
    ),
    issuerPem: signCertificate(
      { ...issuer, ...common, authority: { pathLength: 0 }, notAfterEpochMs: now + YEAR_MS },
      root,
    ),
    issuerKeyPem: keyToPem(issuer.keys.privateKey),
  };
}

/** @throws HarnessError BAD_ISSUER when the three do not belong together */
function readIssuer(anchorPem: string, issuerPem: string, issuerKeyPem: string) {
  const bad = (why: string, cause?: unknown) =>
    new HarnessError('BAD_ISSUER', `the issuer of the mesh's certificates: ${why}`, {
      hint: 'give an anchor, the issuer that it signed, and the key of that issuer',
      cause,
    });
  try {
    const certificate = new X509Certificate(issuerPem);
    const privateKey = createPrivateKey(issuerKeyPem);
    if (!certificate.checkPrivateKey(privateKey)) throw bad('the key is not that of its certificate');
    if (!certificate.verify(new X509Certificate(anchorPem).publicKey)) throw bad('the trust anchor did not sign it');
    return {
      subject: certificate.subject.replace(/^CN=/, ''),
      notAfterEpochMs: certificate.validToDate.getTime(),
      keys: { privateKey, publicKey: createPublicKey(privateKey) },
    };
  } catch (cause) {
    throw cause instanceof HarnessError ? cause : bad(describe(cause), cause);
  }
}
