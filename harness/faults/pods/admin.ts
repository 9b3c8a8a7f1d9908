import type { PodFaults } from '../../mesh/contract.ts';
import type { FaultSpec } from '../../scenario/fault.ts';
import type { Draft } from '../draft.ts';
import type { LocalFaults } from '../local-fault.ts';
import { podFaults, podsOf } from '../targets.ts';

type AdminFaults = NonNullable<PodFaults['admin']>;

/** The proxies' admin port, and the page behind it. */
export const ADMIN_FAULTS: LocalFaults = {
  'admin-denied': { plan: (spec, draft) => admin(spec, draft, { deniedBy: 'proxy-admin' }) },
  'admin-dropped': { plan: (spec, draft) => admin(spec, draft, { reach: 'drop' }) },
  'admin-refused': { plan: (spec, draft) => admin(spec, draft, { reach: 'refuse' }) },
  'admin-tls-only': { plan: (spec, draft) => admin(spec, draft, { reach: 'tls-only' }) },
  'slow-page': { plan: (spec, draft) => admin(spec, draft, { delayMs: spec.params.delayMs }) },
  'page-malformed': { plan: (spec, draft) => admin(spec, draft, { malformed: spec.params.how }) },
  'page-cut-off': { plan: (spec, draft) => admin(spec, draft, { cutAfter: spec.params.share }) },
  'duplicate-series': { plan: (spec, draft) => admin(spec, draft, { duplicates: true }) },
};

function admin(spec: FaultSpec, draft: Draft, fault: AdminFaults): void {
  for (const pod of podsOf(spec, draft)) {
    const faults = podFaults(pod);
    faults.admin = { ...faults.admin, ...fault };
  }
}
