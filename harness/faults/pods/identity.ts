import type { PodFaults } from '../../mesh/contract.ts';
import type { FaultSpec } from '../../scenario/fault.ts';
import type { Draft } from '../draft.ts';
import type { LocalFaults } from '../local-fault.ts';
import { podFaults, podsOf } from '../targets.ts';

type IdentityFaults = NonNullable<PodFaults['identity']>;

/** Certificates of proxies. */
export const IDENTITY_FAULTS: LocalFaults = {
  'certificate-expired': { plan: (spec, draft) => identity(spec, draft, { certificate: 'expired' }) },
  'renewal-fails': {
    plan: (spec, draft) => identity(spec, draft, { renewalFails: spec.params.because ?? 'unusable' }),
  },
  'other-anchor': { plan: (spec, draft) => identity(spec, draft, { certificate: 'other-anchor' }) },
};

function identity(spec: FaultSpec, draft: Draft, fault: IdentityFaults): void {
  for (const pod of podsOf(spec, draft)) {
    const faults = podFaults(pod);
    faults.identity = { ...faults.identity, ...fault };
  }
}
