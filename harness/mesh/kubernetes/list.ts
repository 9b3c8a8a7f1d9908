import type { ListOptions } from './request.ts';
import type { Matcher } from './selectors.ts';
import { badRequest, expired, expiredContinue, StatusError, tooLarge } from './status.ts';
import type { ObjectStore } from './store.ts';
import { RESOURCES, type ResourceName } from './types.ts';

/** Answers a list, in pages when `limit` is given. @throws StatusError 410 for versions that history no longer reaches, 504 for ones to come */
export function serveList(store: ObjectStore, resource: ResourceName, matches: Matcher, options: ListOptions): unknown {
  const from = options.continueToken === null ? null : parseToken(options.continueToken);
  if (from && from.version < store.oldest) throw new StatusError(expiredContinue());
  const asked = options.resourceVersion;
  if (asked !== null && asked > store.version) throw new StatusError(tooLarge(asked, store.version));
  if (asked !== null && options.resourceVersionMatch === 'Exact' && asked < store.oldest)
    throw new StatusError(expired(asked, store.oldest));

  const version = from?.version ?? store.version;
  const all = store.list(resource).filter(matches);
  const start = from ? all.findIndex((o) => keyOf(o.metadata) > from.after) : 0;
  const rest = start < 0 ? [] : all.slice(start);
  const page = options.limit > 0 ? rest.slice(0, options.limit) : rest;
  const remaining = rest.length - page.length;
  const last = page.at(-1);
  const more = remaining > 0 && last ? { version, after: keyOf(last.metadata) } : null;
  return {
    kind: `${RESOURCES[resource].kind}List`,
    apiVersion: 'v1',
    metadata: {
      resourceVersion: String(version),
      ...(more && { continue: Buffer.from(JSON.stringify(more)).toString('base64url'), remainingItemCount: remaining }),
    },
    items: page.map(({ kind: _kind, apiVersion: _apiVersion, ...item }) => item),
  };
}

interface ContinueToken {
  version: number;
  after: string;
}

function parseToken(token: string): ContinueToken {
  try {
    const parsed = JSON.parse(Buffer.from(token, 'base64url').toString()) as ContinueToken;
    if (typeof parsed.version === 'number' && typeof parsed.after === 'string') return parsed;
  } catch {
    // Told below, as for a token of the wrong shape.
  }
  throw new StatusError(badRequest('continue key is not valid'));
}

function keyOf(metadata: { namespace?: string; name: string }): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
