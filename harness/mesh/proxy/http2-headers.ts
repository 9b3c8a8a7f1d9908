import type { OutgoingHttpHeaders } from 'node:http2';
import type { HeaderList } from './headers.ts';

const [MAJOR = 0, MINOR = 0] = process.versions.node.split('.').map(Number);
/** Node's HTTP/2 takes lists of names and values, for responses too, since 24.7. */
const TAKES_LISTS = MAJOR > 24 || (MAJOR === 24 && MINOR >= 7);

/**
 * Headers as the HTTP/2 of this Node takes them: the list as it is, or an object in which a name that comes more than once has all
 * of its values.
 */
export function http2Headers(list: HeaderList, takesLists = TAKES_LISTS): OutgoingHttpHeaders & string[] {
  if (takesLists) return list as OutgoingHttpHeaders & string[];
  const headers: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i < list.length; i += 2) {
    const [name, value] = [list[i]!, list[i + 1]!];
    const earlier = headers[name];
    headers[name] = earlier === undefined ? value : [earlier, value].flat();
  }
  return headers as OutgoingHttpHeaders & string[];
}
