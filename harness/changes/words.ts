import type { AppliedChange } from './between.ts';
import type { KnownChange } from './types.ts';

/** `proxy v2.277 (Linkerd 2.18)`, `Linkerd 2.19`, `Prometheus 3.0`. */
export function releaseText(of: KnownChange['of'], version: string, linkerd = ''): string {
  if (of === 'prometheus') return `Prometheus ${short(version)}`;
  if (of === 'chart') return `Linkerd ${version}`;
  return `proxy v${short(version)}${linkerd ? ` (Linkerd ${linkerd})` : ''}`;
}

const short = (version: string) => version.replace(/^(\d+\.\d+)\.0$/, '$1');

/** One sentence without its full stop: what changed, since when, and in which sense the step makes it so. */
export function changeText({ change, reversed }: AppliedChange): string {
  const { of, since, until, linkerd, untilLinkerd, text } = change;
  const first = releaseText(of, since, linkerd);
  const when =
    until === undefined ? `since ${first}` : `from ${first} to before ${releaseText(of, until, untilLinkerd)}`;
  // The release goes with what changed, before what that means.
  const [, what, means] = /^((?:`[^`]*`|[^:;`])*)(.*)$/s.exec(text)!;
  const sentence = `${what} ${when}${means}`;
  if (!reversed) return sentence;
  return `${sentence}; the version after is ${until === undefined ? 'older and ' : ''}not so`;
}
