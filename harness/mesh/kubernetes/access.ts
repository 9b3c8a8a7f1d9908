import { PUBLIC_PATHS } from './discovery.ts';
import { isAllowed, type RoleGrant } from './rbac.ts';
import { forbidden, forbiddenPath, type ResourceAttempt, StatusError, unauthorized } from './status.ts';

/** A user by its bearer token. */
export interface ApiUser {
  /** `system:serviceaccount:linkerd-viz:prometheus`. */
  name: string;
  token: string;
}

export const ANONYMOUS = 'system:anonymous';

/** Who asks: no token is anonymous. @throws StatusError 401 for a token that nobody has */
export function findUser(users: readonly ApiUser[], authorization: string | undefined): string {
  const token = /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return ANONYMOUS;
  const user = users.find((candidate) => candidate.token === token);
  if (!user) throw new StatusError(unauthorized());
  return user.name;
}

/** @throws StatusError 403 unless a grant allows it */
export function authorizeResource(grants: readonly RoleGrant[], attempt: ResourceAttempt): void {
  if (!isAllowed(grants, attempt)) throw new StatusError(forbidden(attempt));
}

/** Users with a token may discover, everyone may ask for version and health. @throws StatusError 403 */
export function authorizePath(user: string, verb: string, path: string): void {
  const clean = path.replace(/(?<=.)\/$/, '');
  const isDiscovery = /^\/apis?(?:\/|$)/.test(path);
  const allowed = verb === 'get' && (PUBLIC_PATHS.has(clean) || (user !== ANONYMOUS && isDiscovery));
  if (!allowed) throw new StatusError(forbiddenPath(user, verb, path));
}

/** RBAC's verb for a method. */
export function verbOf(method: string, named: boolean): string {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      return named ? 'get' : 'list';
  }
}
