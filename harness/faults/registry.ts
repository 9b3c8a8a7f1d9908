import { HarnessError } from '../core/errors.ts';
import type { FaultSpec } from '../scenario/fault.ts';
import { DISCOVERY_FAULTS } from './discovery.ts';
import type { LocalFault, LocalFaults } from './local-fault.ts';
import { POD_FAULTS } from './pods/index.ts';
import { SCRAPE_FAULTS } from './scrapes.ts';

/** How each type of fault is done to a local environment. */
export const LOCAL_FAULTS: LocalFaults = { ...DISCOVERY_FAULTS, ...SCRAPE_FAULTS, ...POD_FAULTS };

/** @throws HarnessError FAULT_NOT_HERE when a local environment can't do it */
export function localFault(spec: FaultSpec): LocalFault {
  const fault = LOCAL_FAULTS[spec.type] as LocalFault | undefined;
  if (fault) return fault;
  throw new HarnessError('FAULT_NOT_HERE', `fault ${spec.type} can't be done to a local environment`, {
    hint: `it can do ${Object.keys(LOCAL_FAULTS).join(', ')}`,
  });
}
