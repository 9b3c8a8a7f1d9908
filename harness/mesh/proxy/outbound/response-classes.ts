import type { ProfileRoute } from '../../../core/policy.ts';
import type { ResponseRelay } from '../relay.ts';

/** What a ServiceProfile's route calls a status: the first of its classes that holds it decides. null: it has none. */
export function classifier(route: ProfileRoute | null): ResponseRelay['classify'] {
  if (!route || route.responseClasses.length === 0) return null;
  return (status) => {
    const found = route.responseClasses.find(({ min, max }) => min <= status && status <= max);
    return found && (found.isFailure ? 'failure' : 'success');
  };
}
