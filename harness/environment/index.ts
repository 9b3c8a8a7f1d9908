import { EXIT, HarnessError } from '../core/errors.ts';
import type { EnvironmentProvider } from './contract.ts';
import { localEnvironment } from './local/provider.ts';

const PROVIDERS: EnvironmentProvider[] = [localEnvironment];

/** @throws HarnessError UNKNOWN_ENVIRONMENT */
export function findEnvironment(name: string): EnvironmentProvider {
  const provider = PROVIDERS.find((p) => p.name === name);
  if (provider) return provider;
  throw new HarnessError('UNKNOWN_ENVIRONMENT', `there is no environment ${name}`, {
    hint: `known: ${PROVIDERS.map((p) => p.name).join(', ')}`,
    exitCode: EXIT.invalidInput,
  });
}
