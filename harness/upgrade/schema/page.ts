import type { AppliedChange } from '../../changes/index.ts';
import type { SchemaChange } from '../../result/upgrade/types.ts';
import { namesText } from './names.ts';
import { type Reasons, textOf } from './reasons.ts';
import type { Side } from './side.ts';

/** The page as a whole: its encoders, headers without series, the same series twice. */
export function pageChanges(before: Side, after: Side, reasons: Reasons): SchemaChange[] {
  const changes: SchemaChange[] = [];
  const encoder = reasons.byId('second-encoder');
  const headers = reasons.byId('headers-of-empty-families');
  if (before.end !== after.end) changes.push(line(`it ends in ${before.end}`, `it ends in ${after.end}`, encoder));
  if (before.printsEmpty !== after.printsEmpty && (headers || before.end === after.end)) {
    const cell = (side: Side) => `families without a series have ${side.printsEmpty ? 'headers' : 'no headers'}`;
    changes.push(line(cell(before), cell(after), headers));
  }
  const twice = duplicateChange(before, after, reasons.byId('duplicate-series'));
  return twice ? [...changes, twice] : changes;
}

/** Known to happen in a mix of versions, also where these runs have none. */
function duplicateChange(before: Side, after: Side, reason: AppliedChange | undefined): SchemaChange | null {
  const cell = ({ duplicates }: Side, may: boolean) => {
    if (duplicates.length > 0) return `the same series twice: ${namesText(duplicates)}`;
    return may ? 'the same series may be there twice' : 'each series once';
  };
  const seen = before.duplicates.length > 0 !== after.duplicates.length > 0;
  if (!reason && !seen) return null;
  return line(cell(before, reason?.reversed ?? false), cell(after, reason ? !reason.reversed : false), reason);
}

function line(before: string, after: string, reason: AppliedChange | undefined): SchemaChange {
  return { kind: 'changed', what: 'page', subject: 'page', before, after, reason: textOf(reason), guessed: false };
}

/** What is the same to the eye and means something else, of families that are there; and how Prometheus itself takes things. */
export function meaningChanges(before: Side, after: Side, reasons: Reasons): SchemaChange[] {
  const change = (subject: string, reason: AppliedChange): SchemaChange => ({
    kind: 'changed',
    what: 'meaning',
    subject,
    before: '',
    after: '',
    reason: textOf(reason),
    guessed: false,
  });
  const meanings = reasons.of('meaning').flatMap((reason) => {
    const { family } = reason.change.subject;
    const shown = (side: Side, name: string) => side.families.get(name)?.shown.any ?? false;
    const families = [...before.families.keys()].filter(
      (name) => family.test(name) && shown(before, name) && shown(after, name),
    );
    return families.length > 0 ? [change(namesText(families), reason)] : [];
  });
  return [...meanings, ...reasons.of('promql').map((reason) => change('PromQL', reason))];
}
