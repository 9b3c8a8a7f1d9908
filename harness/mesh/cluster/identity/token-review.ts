import { HarnessError } from '../../../core/errors.ts';
import type { ApiClient } from '../api/client.ts';
import { TOKEN_AUDIENCE } from '../contract.ts';

export interface ServiceAccount {
  namespace: string;
  name: string;
}

interface TokenReview {
  status?: { authenticated?: boolean; error?: string; user?: { username?: string }; audiences?: string[] };
}

/**
 * Whose token it is, as the API server says.
 * @throws HarnessError TOKEN_REFUSED with the reason; what the API client throws when it can't be asked
 */
export async function reviewToken(api: Pick<ApiClient, 'request'>, token: string): Promise<ServiceAccount> {
  const { status } = await api.request<TokenReview>('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token, audiences: [TOKEN_AUDIENCE] },
  });
  if (!status?.authenticated) throw refused(status?.error || 'the API server does not know the token');
  // A server that knows no audiences would answer for any token.
  if (!status.audiences?.includes(TOKEN_AUDIENCE)) throw refused(`the token is not for ${TOKEN_AUDIENCE}`);
  const username = status.user?.username ?? '';
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username) ?? [];
  if (!namespace || !name) throw refused(`the token is of ${username || 'nobody'}, which is no ServiceAccount`);
  return { namespace, name };
}

function refused(why: string): HarnessError {
  return new HarnessError('TOKEN_REFUSED', why, { hint: `send the pod's projected token for ${TOKEN_AUDIENCE}` });
}
