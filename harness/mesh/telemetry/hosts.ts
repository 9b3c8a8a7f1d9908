import { isIP } from 'node:net';

/** Host and port of a Host header or `:authority`; the port 80 is what goes without saying. */
function split(authority: string): { host: string; port: string } {
  const found = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(authority);
  return found ? { host: found[1] as string, port: found[2] ?? '80' } : { host: '', port: '' };
}

const isAddress = (host: string) => host.startsWith('[') || isIP(host) !== 0;

/** Label `authority` of inbound families before v2.277: the Host as sent, but for the port 80; null: addresses have none. */
export function inboundAuthority(authority: string): string | null {
  const { host, port } = split(authority);
  if (host === '' || isAddress(host)) return null;
  return port === '80' ? host : `${host}:${port}`;
}

/** Label `hostname` of outbound route families in v2.258 to v2.279: the name of the Host; empty for addresses. */
export function hostname(authority: string): string {
  const { host } = split(authority);
  return isAddress(host) ? '' : host;
}
