import type { LocalFaults } from '../local-fault.ts';
import { ADMIN_FAULTS } from './admin.ts';
import { IDENTITY_FAULTS } from './identity.ts';
import { LIFE_FAULTS } from './lives.ts';
import { PORT_FAULTS } from './ports.ts';

/** Faults of pods and of their proxies. */
export const POD_FAULTS: LocalFaults = { ...PORT_FAULTS, ...ADMIN_FAULTS, ...IDENTITY_FAULTS, ...LIFE_FAULTS };
