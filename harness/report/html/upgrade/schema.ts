import type { SchemaChange, UpgradeResult } from '../../../result/upgrade/types.ts';
import { plural } from '../../format.ts';
import { changeReason, changeSubject, changeValues } from '../../upgrade/summary.ts';
import { folded, table } from '../figure.ts';
import { html, type Markup } from '../markup.ts';

/** What breaks queries stands open, what is merely new is folded. */
const KINDS: readonly { kind: SchemaChange['kind']; title: string; open: boolean }[] = [
  { kind: 'gone', title: 'Gone', open: true },
  { kind: 'renamed', title: 'Renamed', open: true },
  { kind: 'changed', title: 'Changed', open: true },
  { kind: 'new', title: 'New', open: false },
];

/** Families, labels and whatever else differs between what the proxies of both sides expose. */
export function schemaPart({ schema }: UpgradeResult): Markup {
  return html`${KINDS.map(({ kind, title, open }) => {
    const own = schema.changes.filter((change) => change.kind === kind);
    return (
      own.length > 0 &&
      folded(html`<strong>${title}</strong>: ${plural(own.length, 'change')}`, changes(title, own), open)
    );
  })}`;
}

function changes(title: string, all: readonly SchemaChange[]): Markup {
  return table(
    title,
    ['What', 'Before -> after', 'Why'].map((name) => ({ name })),
    all.map((change) => [html`<code>${changeSubject(change)}</code>`, changeValues(change), changeReason(change)]),
  );
}
