import { buffer } from 'node:stream/consumers';
import { EXIT, HarnessError } from '../../../core/errors.ts';
import type { AccessOutcome, DiscoveryAccess } from '../../../evidence/types.ts';
import { parseStatus } from '../errors.ts';
import type { Transport } from '../transport.ts';

const DEADLINE_MS = 10_000;

/**
 * Whether a ServiceAccount may list pods: one pod is listed in its name. In all namespaces; where that is forbidden, in each of
 * those that are given.
 * @throws HarnessError ACCESS_UNKNOWN where we may not impersonate it; CLUSTER_UNREACHABLE
 */
export async function accessByImpersonation(
  transport: Transport,
  account: { namespace: string; name: string },
  namespaces: readonly string[],
): Promise<DiscoveryAccess> {
  const user = `system:serviceaccount:${account.namespace}:${account.name}`;
  // Without groups the API server adds those that every ServiceAccount is in.
  const headers = { 'impersonate-user': user };
  const attempt = async (path: string) => {
    const answer = await transport.open({
      ...{ method: 'GET', path: `${path}?limit=1`, timeoutMs: DEADLINE_MS },
      headers: { ...headers, accept: 'application/json' },
    });
    const text = (await buffer(answer)).toString('utf8');
    const said = answer.statusCode! < 400 ? '' : (parseStatus(text)?.message ?? text.slice(0, 300));
    if (/ cannot impersonate /.test(said)) throw mayNot(user, said);
    return { outcome: outcomeOf(answer.statusCode!), said };
  };
  const everywhere = await attempt('/api/v1/pods');
  const access: DiscoveryAccess = {
    ...{ how: 'impersonation', user, everywhere: everywhere.outcome, namespaces: {}, message: everywhere.said },
  };
  if (everywhere.outcome !== 'forbidden') return access;
  for (const namespace of namespaces) {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
    access.namespaces[namespace] = (await attempt(path)).outcome;
  }
  return access;
}

function outcomeOf(status: number): AccessOutcome {
  if (status < 400) return 'allowed';
  if (status === 401) return 'unauthorized';
  return status === 403 ? 'forbidden' : 'unreachable';
}

function mayNot(user: string, said: string): HarnessError {
  return new HarnessError('ACCESS_UNKNOWN', `what ${user} may do can't be tried: ${said}`, {
    hint: 'impersonating needs the verb impersonate on serviceaccounts; its roles and bindings say it too',
    exitCode: EXIT.environment,
  });
}
