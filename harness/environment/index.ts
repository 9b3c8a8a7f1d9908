import { EXIT, HarnessError } from '../core/errors.ts';
import type { EnvironmentProvider } from './contract.ts';

/** Loaded when it is asked for: a cluster's packages are of no use to a local run. */
const PROVIDERS: Record<string, () => Promise<EnvironmentProvider>> = {
  local: async () => (await import('./local/provider.ts')).localEnvironment,
  kind: async () => (await import('./kind/provider.ts')).kindEnvironment,
};

/** @throws HarnessError UNKNOWN_ENVIRONMENT */
export async function findEnvironment(name: string): Promise<EnvironmentProvider> {
  const load = Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name] : undefined;
  if (load) return load();
  throw new HarnessError('UNKNOWN_ENVIRONMENT', `there is no environment ${name}`, {
    hint: `known: ${Object.keys(PROVIDERS).join(', ')}`,
    exitCode: EXIT.invalidInput,
  });
}
