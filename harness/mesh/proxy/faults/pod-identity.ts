import type { PodFaults } from '../../contract.ts';
import type { IdentityAuthority, IssuedCertificate } from '../../identity/authority.ts';
import { type RefreshPolicy, WorkloadCredentials } from '../../identity/credentials.ts';
import type { FaultState } from './fault-state.ts';

type IdentityFaults = NonNullable<PodFaults['identity']>;

/** How long an expired certificate was valid, ms. */
const SHORT_LIFE_MS = 60_000;

/** The identity service has answered, with something that this proxy can't use. */
export class UnusableCertificate extends Error {}

/** Where one pod's certificates come from, while all is well and while it is not. */
export class PodIdentity {
  readonly credentials: WorkloadCredentials;
  readonly #authority: IdentityAuthority;
  readonly #workload: { serviceAccount: string; namespace: string };
  readonly #faults: FaultState;
  #applied: IdentityFaults = {};

  constructor(
    authority: IdentityAuthority,
    workload: { serviceAccount: string; namespace: string },
    faults: FaultState,
    refresh?: RefreshPolicy,
  ) {
    this.#authority = authority;
    this.#workload = workload;
    this.#faults = faults;
    const source = this.#source(authority, null);
    this.credentials = new WorkloadCredentials(source.issue(), source, refresh);
  }

  /** Brings about what the faults say now. Connections that are open keep the certificate that they were made with. */
  apply(): void {
    const { certificate, renewalFails } = this.#faults.current.identity ?? {};
    const before = this.#applied;
    const failed = this.#fails;
    this.#applied = { ...(certificate && { certificate }), ...(renewalFails && { renewalFails }) };
    const other = certificate !== before.certificate;
    if (other) {
      const authority = certificate === 'other-anchor' ? this.#faults.stranger : this.#authority;
      this.credentials.takeFrom(this.#source(authority, certificate === 'expired' ? this.#expired() : null));
    }
    // The next one is tried for at once: in vain, or at last.
    if (this.#fails ? !failed || other : failed && !other) this.credentials.renew();
  }

  get #fails(): boolean {
    return this.#applied.certificate === 'expired' || this.#applied.renewalFails !== undefined;
  }

  /** @param first what it gives first, whatever is wrong; null: a certificate like any other */
  #source(authority: IdentityAuthority, first: IssuedCertificate | null) {
    const { serviceAccount, namespace } = this.#workload;
    let given = false;
    const issue = () => {
      if (given && this.#fails) {
        throw this.#applied.renewalFails === 'unusable'
          ? new UnusableCertificate('the certificate does not chain to the anchors of this proxy')
          : new Error('the identity service does not answer');
      }
      const certificate = given ? null : first;
      given = true;
      return certificate ?? authority.issueWorkload(serviceAccount, namespace);
    };
    return { anchorPem: authority.anchorPem, issue };
  }

  #expired(): IssuedCertificate {
    const { serviceAccount, namespace } = this.#workload;
    const notAfterEpochMs = Math.floor(Date.now() / 1000 - 1) * 1000;
    const notBeforeEpochMs = notAfterEpochMs - SHORT_LIFE_MS;
    return this.#authority.issueWorkload(serviceAccount, namespace, { notBeforeEpochMs, notAfterEpochMs });
  }
}
