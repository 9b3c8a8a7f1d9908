/** Names of images: `registry/path:tag@digest`, the registry left out for Docker Hub. */

const HUB = 'docker.io';

export function withoutDigest(name: string): { bare: string; digest: string | null } {
  const at = name.indexOf('@');
  return at === -1 ? { bare: name, digest: null } : { bare: name.slice(0, at), digest: name.slice(at + 1) };
}

/**
 * The name under which a mirror has an image: the mirror takes the registry's place. `docker.io/prom/prometheus:v3` and
 * `prom/prometheus:v3` are `mirror/prom/prometheus:v3`, and `node:24` is `mirror/library/node:24`.
 * @param mirror `host[:port]` or `host[:port]/path`
 */
export function withMirror(name: string, mirror: string): string {
  const { registry, path } = splitName(name);
  const isHubOfficial = registry === HUB && !path.includes('/');
  return `${mirror.replace(/\/+$/, '')}/${isHubOfficial ? 'library/' : ''}${path}`;
}

/** The first part is a registry when it has a dot or a port, or is `localhost`; that is Docker's own rule. */
function splitName(name: string): { registry: string; path: string } {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  if (/[.:]/.test(first) || first === 'localhost') return { registry: first, path: name.slice(slash + 1) };
  return { registry: HUB, path: name };
}
