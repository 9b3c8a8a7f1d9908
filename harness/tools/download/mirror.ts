import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where releases are had from. */
export type ReleasePlace =
  /** A server; `authorization` is the header that its user and password make. */
  | { kind: 'server'; url: string; authorization: string | null }
  /** A folder of this machine with the same paths. */
  | { kind: 'folder'; path: string };

const GITHUB = 'https://github.com';
const VARIABLE = 'MESHPROOF_RELEASES';

/**
 * github.com, or what MESHPROOF_RELEASES names: another server with the same paths (`https://user:password@mirror/github`), or a
 * folder with them (`/mnt/releases`, `file:///mnt/releases`).
 * @throws Error that says what is wrong with the variable
 */
export function releasePlace(env: NodeJS.ProcessEnv): ReleasePlace {
  const given = env[VARIABLE] || GITHUB;
  if (!/^[a-z][a-z0-9+.-]*:/i.test(given)) return { kind: 'folder', path: resolve(given) };
  const url = URL.parse(given);
  if (url?.protocol === 'file:') return { kind: 'folder', path: fileURLToPath(url) };
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new Error(`${VARIABLE} is ${given}: neither a folder nor an address that begins with https://`);
  }
  const { username, password } = url;
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  url.username = '';
  url.password = '';
  return {
    kind: 'server',
    url: url.href.replace(/\/+$/, ''),
    authorization: username === '' ? null : `Basic ${Buffer.from(credentials).toString('base64')}`,
  };
}
