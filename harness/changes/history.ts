import { KNOWN_CHANGES } from './known.ts';
import type { KnownChange } from './types.ts';
import { compareVersions } from './version.ts';
import { releaseText } from './words.ts';

/** The proxies that have something: the first that has it, the first that has it no more. */
export interface History {
  since?: Release;
  until?: Release;
  /** What to do instead. */
  instead: string;
}

/** Of a label that families of the proxy have had in some versions only. */
export interface LabelHistory extends History {
  label: string;
  /** Of series of this direction alone. */
  direction?: 'inbound' | 'outbound';
}

/** Of a family that is called so in some versions only. */
export type FamilyHistory = History;

export interface Release {
  proxy: string;
  /** The first release of Linkerd with it. */
  linkerd: string;
}

/** What a series may be called after: of a histogram its family, too. */
export function familyNames(series: string): string[] {
  const family = series.replace(/_(?:bucket|count|sum)$/, '');
  return family === series ? [series] : [series, family];
}

/** The entry for a label of a family, as far as a selector's direction (undefined: none) lets it apply. */
export function labelHistory(series: string, label: string, direction: string | undefined): LabelHistory | undefined {
  const names = familyNames(series);
  let history: LabelHistory | undefined;
  for (const change of KNOWN_CHANGES) {
    const { subject } = change;
    if (subject.kind !== 'label' && subject.kind !== 'label-values') continue;
    if (subject.label !== label || !names.some((name) => subject.family.test(name))) continue;
    const only = subject.kind === 'label' ? subject.direction : undefined;
    if (only !== undefined && direction !== undefined && direction !== only) continue;
    const gone = subject.change === 'removed' || subject.change === 'emptied';
    history = {
      ...history,
      label,
      ...(only && { direction: only }),
      ...(gone ? { until: releaseOf(change) } : { since: releaseOf(change) }),
      instead: gone || !history ? change.instead : history.instead,
    };
  }
  return history;
}

export function familyHistory(series: string): FamilyHistory | undefined {
  const names = familyNames(series);
  let history: FamilyHistory | undefined;
  for (const change of KNOWN_CHANGES) {
    const { subject } = change;
    if (subject.kind !== 'family') continue;
    const release = releaseOf(change);
    if (subject.change === 'renamed' && subject.to !== undefined && names.includes(subject.to)) {
      history = {
        ...history,
        since: release,
        instead: history?.instead ?? `older proxies call it ${formerName(change)}`,
      };
    }
    if (!names.some((name) => subject.family.test(name)) || change.until !== undefined) continue;
    history =
      subject.change === 'added'
        ? { ...history, since: release, instead: history?.instead ?? change.instead }
        : { ...history, until: release, instead: change.instead };
  }
  return history;
}

const formerName = ({ rewrite }: KnownChange) => (rewrite?.kind === 'rename-family' ? rewrite.from : 'otherwise');

const releaseOf = ({ since, linkerd }: KnownChange): Release => ({ proxy: since, linkerd });

/** Whether a proxy of this version (`2.366.0`, with or without v) has it. */
export function hasIt({ since, until }: Pick<History, 'since' | 'until'>, version: string): boolean {
  return (
    (!since || compareVersions(version, since.proxy) >= 0) && (!until || compareVersions(version, until.proxy) < 0)
  );
}

/** `proxies from v2.258.0 (Linkerd 2.17) and before v2.280.0 (Linkerd 2.18)`. */
export function spanText({ since, until }: Pick<History, 'since' | 'until'>): string {
  const named = ({ proxy, linkerd }: Release) => releaseText('proxy', proxy, linkerd).replace(/^proxy /, '');
  const from = since && `from ${named(since)}`;
  const to = until && `before ${named(until)}`;
  return `proxies ${[from, to].filter(Boolean).join(' and ')}`;
}
