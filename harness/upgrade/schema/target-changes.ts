import type { AppliedChange } from '../../changes/index.ts';
import type { SchemaChange } from '../../result/upgrade/types.ts';
import type { TargetSchema } from '../types.ts';
import { type Reasons, textOf } from './reasons.ts';
import type { Side } from './side.ts';

type About = 'job-name' | 'rules' | 'lost' | 'gained' | 'port-names' | 'native';

/** Targets lost and found by job and component, jobs that are called otherwise, what they keep, and native sidecars. */
export function targetChanges(before: Side, after: Side, reasons: Reasons): SchemaChange[] {
  const why = (job: string, ...about: About[]) =>
    reasons.of('targets').find(({ change: { subject } }) => {
      const here = subject.job === job || subject.to === job || subject.also?.includes(job);
      return here && about.includes(subject.about);
    });
  const renamed = renamedJobs(before, after, reasons);
  const moved = (side: 'from' | 'to', job: string) => renamed.some((one) => one[side] === job);
  const lost = absent(before, after).filter(({ job }) => !moved('from', job));
  const found = absent(after, before).filter(({ job }) => !moved('to', job));
  const told = new Set<AppliedChange>();
  const come = (kind: 'gone' | 'new', targets: TargetSchema[]) =>
    byJob(targets).map(([job, of]) => {
      const reason = why(job, 'lost', 'gained');
      if (reason) told.add(reason);
      const cell = of.map((one) => one.of).join(', ');
      return line(kind, job, kind === 'gone' ? cell : '', kind === 'new' ? cell : '', reason);
    });
  const comings = [...come('gone', lost), ...come('new', found)];
  const rules = ruleChanges(before, after, (job) => why(job, 'rules') ?? why(job, 'lost')).filter(
    ({ reason }) => !reason || !told.has(reason),
  );
  return [
    ...comings,
    ...renamed.map(({ from, to, reason }) => line('renamed', from, from, to, reason)),
    ...jobsOnOneSide(before, after, lost, found, moved),
    ...ruleLines(rules),
    ...portNames(before, after, found, why('linkerd-controller', 'port-names')),
    ...common(before, after).flatMap(([left, right]) => sameTargets(left, right, why(left.job, 'native'))),
  ];
}

function line(
  kind: SchemaChange['kind'],
  subject: string,
  before: string,
  after: string,
  reason: AppliedChange | undefined,
): SchemaChange {
  return { kind, what: 'targets', subject, before, after, reason: textOf(reason), guessed: false };
}

const absent = (here: Side, there: Side) =>
  [...here.targets].flatMap(([key, one]) => (there.targets.has(key) ? [] : [one]));

function common(before: Side, after: Side): [TargetSchema, TargetSchema][] {
  return [...before.targets].flatMap(([key, left]): [TargetSchema, TargetSchema][] => {
    const right = after.targets.get(key);
    return right ? [[left, right]] : [];
  });
}

function byJob(targets: readonly TargetSchema[]): [string, TargetSchema[]][] {
  const jobs = [...new Set(targets.map(({ job }) => job))];
  return jobs.map((job) => [job, targets.filter((target) => target.job === job)]);
}

function renamedJobs(
  before: Side,
  after: Side,
  reasons: Reasons,
): { from: string; to: string; reason: AppliedChange }[] {
  return reasons.of('targets').flatMap((reason) => {
    const { subject } = reason.change;
    if (subject.about !== 'job-name' || subject.to === undefined) return [];
    const [from, to] = reason.reversed ? [subject.to, subject.job] : [subject.job, subject.to];
    return from in before.rules && to in after.rules ? [{ from, to, reason }] : [];
  });
}

/** Jobs of the configuration that have no target, and that only one side has. */
function jobsOnOneSide(
  before: Side,
  after: Side,
  lost: readonly TargetSchema[],
  found: readonly TargetSchema[],
  moved: (side: 'from' | 'to', job: string) => boolean,
): SchemaChange[] {
  const only = (here: Side, there: Side, told: readonly TargetSchema[], side: 'from' | 'to') =>
    Object.keys(here.rules).filter(
      (job) => !(job in there.rules) && !moved(side, job) && !told.some((target) => target.job === job),
    );
  return [
    ...only(before, after, lost, 'from').map((job) => line('gone', job, 'a job without targets', '', undefined)),
    ...only(after, before, found, 'to').map((job) => line('new', job, '', 'a job without targets', undefined)),
  ];
}

interface RuleChange {
  job: string;
  before: string;
  after: string;
  reason: AppliedChange | undefined;
}

function ruleChanges(before: Side, after: Side, why: (job: string) => AppliedChange | undefined): RuleChange[] {
  return Object.entries(before.rules).flatMap(([job, rules]) => {
    const others = after.rules[job];
    if (!others || rules.join('\n') === others.join('\n')) return [];
    const only = (a: readonly string[], b: readonly string[]) => a.filter((rule) => !b.includes(rule)).join('; ');
    return [{ job, before: only(rules, others), after: only(others, rules), reason: why(job) }];
  });
}

/** Jobs that are otherwise for the same reason are one line. */
function ruleLines(rules: readonly RuleChange[]): SchemaChange[] {
  const groups = new Map<string, RuleChange[]>();
  for (const one of rules) {
    const key = one.reason?.change.id ?? one.job;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const [{ before, after, reason }] = group as [RuleChange];
    return line('changed', `${group.map(({ job }) => job).join(', ')}: what is kept`, before, after, reason);
  });
}

/** A port that became a target by its new name is told with that. */
function portNames(
  before: Side,
  after: Side,
  found: readonly TargetSchema[],
  reason: AppliedChange | undefined,
): SchemaChange[] {
  const other = Object.keys(before.adminPorts).filter((component) => {
    const told = !reason && found.some(({ of }) => of === component);
    return !told && component in after.adminPorts && before.adminPorts[component] !== after.adminPorts[component];
  });
  if (other.length === 0) return [];
  const names = (ports: Readonly<Record<string, string>>) =>
    [...new Set(other.map((one) => ports[one]))].sort().join(', ');
  const subject = `admin ports of ${other.join(', ')}`;
  return [line('renamed', subject, names(before.adminPorts), names(after.adminPorts), reason)];
}

function sameTargets(before: TargetSchema, after: TargetSchema, native: AppliedChange | undefined): SchemaChange[] {
  const changes: SchemaChange[] = [];
  const subject = before.of === before.job ? before.job : `${before.job}: ${before.of}`;
  const change = (left: string, right: string, reason?: AppliedChange) =>
    changes.push(line('changed', subject, left, right, reason));
  const health = ({ up, down }: TargetSchema) => (up > 0 ? 'up' : down > 0 ? 'down' : 'not scraped yet');
  if (health(before) !== health(after)) change(health(before), health(after));
  const kind = ({ native: n }: TargetSchema) => (n > 0 ? 'native sidecars (init containers that stay)' : 'containers');
  if (kind(before) !== kind(after)) change(kind(before), kind(after), native);
  const only = (a: TargetSchema, b: TargetSchema) => a.labels.filter((label) => !b.labels.includes(label)).join(', ');
  const [gone, fresh] = [only(before, after), only(after, before)];
  if (gone || fresh) change(gone && `labels ${gone}`, fresh && `labels ${fresh}`);
  return changes;
}
