import { cliReference } from './cli.ts';
import { environmentReference } from './environment.ts';
import { errorReference } from './errors.ts';
import { scenarioReference } from './scenario.ts';

/** Every page of docs/reference/ by its path from the root of the checkout. */
export function referencePages(): Map<string, string> {
  return new Map([
    ['docs/reference/cli.md', cliReference()],
    ['docs/reference/scenario.md', scenarioReference()],
    ['docs/reference/errors.md', errorReference()],
    ['docs/reference/environment.md', environmentReference()],
  ]);
}
