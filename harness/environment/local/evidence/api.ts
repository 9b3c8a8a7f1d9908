import { readFile } from 'node:fs/promises';
import https from 'node:https';
import { buffer } from 'node:stream/consumers';
import { describe, HarnessError } from '../../../core/errors.ts';
import type { KubernetesObject } from '../../../core/kubernetes-object.ts';
import type { AccessOutcome, DiscoveryAccess } from '../../../evidence/types.ts';

/** What somebody has of the Kubernetes API. */
export interface ApiCredentials {
  url: string;
  caFile: string;
  tokenFile: string;
}

const DEADLINE_MS = 5000;

/** The kinds that the simulated API serves, with their collections. */
const COLLECTIONS: Record<string, string> = {
  'v1/Pod': '/api/v1/pods',
  'v1/Service': '/api/v1/services',
  'v1/Namespace': '/api/v1/namespaces',
  'v1/Node': '/api/v1/nodes',
};

/**
 * @param namespaces null: all, by one request
 * @throws HarnessError KIND_UNKNOWN, CLUSTER_REFUSED, CLUSTER_UNREACHABLE
 */
export async function listObjects(
  credentials: ApiCredentials,
  { apiVersion, kind }: { apiVersion: string; kind: string },
  namespaces: readonly string[] | null = null,
): Promise<KubernetesObject[]> {
  const path = COLLECTIONS[`${apiVersion}/${kind}`];
  if (path === undefined) {
    throw new HarnessError('KIND_UNKNOWN', `the simulated Kubernetes API serves no ${kind} of ${apiVersion}`, {
      hint: `it serves ${Object.keys(COLLECTIONS).join(', ')}`,
    });
  }
  const paths = namespaces?.map((name) => path.replace(/(?=[^/]+$)/, `namespaces/${encodeURIComponent(name)}/`)) ?? [
    path,
  ];
  const lists = await Promise.all(paths.map((one) => listOf(credentials, kind, one)));
  return lists.flat().map((item) => ({ ...item, apiVersion, kind }));
}

async function listOf(credentials: ApiCredentials, kind: string, path: string): Promise<KubernetesObject[]> {
  const { outcome, status, text } = await get(credentials, path);
  if (outcome !== 'allowed') {
    throw new HarnessError(
      status === null ? 'CLUSTER_UNREACHABLE' : 'CLUSTER_REFUSED',
      `the simulated Kubernetes API does not list ${kind}: ${text}`,
      { hint: 'see logs/mesh.log' },
    );
  }
  return (JSON.parse(text) as { items: KubernetesObject[] }).items;
}

/** Lists pods with somebody's own files: everywhere, and where that is forbidden namespace by namespace. */
export async function accessWith(
  credentials: ApiCredentials,
  user: string,
  namespaces: readonly string[],
): Promise<DiscoveryAccess> {
  const everywhere = await get(credentials, '/api/v1/pods?limit=1');
  const access: DiscoveryAccess = {
    ...{ how: 'own credentials', user, everywhere: everywhere.outcome, namespaces: {} },
    message: everywhere.outcome === 'allowed' ? '' : everywhere.text,
  };
  if (everywhere.outcome !== 'forbidden') return access;
  for (const namespace of namespaces) {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?limit=1`;
    access.namespaces[namespace] = (await get(credentials, path)).outcome;
  }
  return access;
}

interface Got {
  outcome: AccessOutcome;
  /** null: there was no answer. */
  status: number | null;
  /** The answer; where it is none, what the API or TLS says. */
  text: string;
}

async function get({ url, caFile, tokenFile }: ApiCredentials, path: string): Promise<Got> {
  // Read anew, as Prometheus reads them.
  const [ca, token] = await Promise.all([readFile(caFile, 'utf8'), readFile(tokenFile, 'utf8')]);
  const { promise, resolve } = Promise.withResolvers<Got>();
  const request = https.request(new URL(path, url), {
    ...{ ca, agent: false, signal: AbortSignal.timeout(DEADLINE_MS) },
    headers: { authorization: `Bearer ${token.trim()}`, accept: 'application/json' },
  });
  request.once('error', (error: NodeJS.ErrnoException) => {
    const outcome = isUntrusted(error) ? 'untrusted' : 'unreachable';
    resolve({ outcome, status: null, text: describe(error) });
  });
  request.once('response', async (response) => {
    try {
      const text = (await buffer(response)).toString('utf8');
      const status = response.statusCode ?? 0;
      resolve({ outcome: outcomeOf(status), status, text: status < 400 ? text : messageOf(text) });
    } catch (error) {
      resolve({ outcome: 'unreachable', status: null, text: describe(error) });
    }
  });
  request.end();
  return promise;
}

function outcomeOf(status: number): AccessOutcome {
  if (status < 400) return 'allowed';
  if (status === 401) return 'unauthorized';
  return status === 403 ? 'forbidden' : 'unreachable';
}

/** Codes that TLS has for a certificate which does not chain to what it was given. */
const UNTRUSTED = /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_CERT)/;

function isUntrusted({ code = '' }: NodeJS.ErrnoException): boolean {
  return UNTRUSTED.test(code);
}

/** The message of a Status. */
function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text;
  }
}
