import { existsSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { ROOT, read } from './files.ts';
import { anchors, links } from './markdown.ts';

/** What of the links of a document leads nowhere inside the checkout, one line each. Links elsewhere are not followed. */
export function brokenLinks(path: string, text = read(path)): string[] {
  return links(text).flatMap(({ target, line }) => {
    const problem = problemOf(path, text, target);
    return problem ? [`${path}:${line}: ${target}: ${problem}`] : [];
  });
}

function problemOf(from: string, text: string, target: string): string | null {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return null;
  const [place = '', anchor] = target.split('#');
  if (place === '') return anchors(text).has(anchor ?? '') ? null : 'no such heading';
  const file = posix.normalize(posix.join(posix.dirname(from), decodeURIComponent(place)));
  if (file.startsWith('../') || file.startsWith('/')) return 'outside the checkout';
  if (!existsSync(`${ROOT}${file}`)) return 'no such file';
  if (anchor === undefined) return null;
  if (!file.endsWith('.md')) return statSync(`${ROOT}${file}`).isDirectory() ? 'a folder has no anchors' : null;
  return anchors(read(file)).has(anchor) ? null : 'no such heading';
}
