import { createHash } from 'node:crypto';
import type { RelabelRule } from '../../evidence/types.ts';
import type { Labels } from '../client.ts';
import { anchored } from './re2.ts';

/** What came of a set of labels. */
export type Relabelled =
  | { kept: true; labels: Labels }
  /** `labels`: as they were when it was dropped. */
  | { kept: false; by: DroppingRule; labels: Labels };

/** The rule that dropped a target, and what it saw. */
export interface DroppingRule {
  /** Counted from 0. */
  index: number;
  rule: RelabelRule;
  /** Its source labels with their values; empty for a label that is missing. */
  sources: { name: string; value: string }[];
  /** The values joined by the separator, which is what the expression is matched with. */
  value: string;
  /** Of keepequal and dropequal: what the target label has. Else null. */
  target: string | null;
}

/**
 * Applies relabelling rules in their order, as Prometheus does (model/relabel). Labels without a value are no labels. Where
 * two labels are mapped to one name the later in `labels` counts; Prometheus has no order for discovered labels.
 * @throws SyntaxError for an expression that is none; RangeError for an unknown action or a modulus of 0
 */
export function relabel(labels: Labels, rules: readonly RelabelRule[]): Relabelled {
  const now = new Map(Object.entries(labels).filter(([, value]) => value !== ''));
  for (const [index, rule] of rules.entries()) {
    if (apply(rule, now)) continue;
    const sources = rule.sourceLabels.map((name) => ({ name, value: now.get(name) ?? '' }));
    const equal = /^(?:keep|drop)equal$/.test(rule.action);
    const by = {
      index,
      rule,
      sources,
      value: joined(rule, now),
      target: equal ? (now.get(rule.targetLabel) ?? '') : null,
    };
    return { kept: false, by, labels: Object.fromEntries(now) };
  }
  return { kept: true, labels: Object.fromEntries(now) };
}

function joined(rule: RelabelRule, labels: ReadonlyMap<string, string>): string {
  return rule.sourceLabels.map((name) => labels.get(name) ?? '').join(rule.separator);
}

/** @returns whether the target is kept */
function apply(rule: RelabelRule, labels: Map<string, string>): boolean {
  const value = joined(rule, labels);
  const regex = anchored(rule.regex);
  switch (rule.action) {
    case 'keep':
      return regex.test(value);
    case 'drop':
      return !regex.test(value);
    case 'keepequal':
      return (labels.get(rule.targetLabel) ?? '') === value;
    case 'dropequal':
      return (labels.get(rule.targetLabel) ?? '') !== value;
    case 'replace':
      replace(rule, value, labels);
      return true;
    case 'lowercase':
      set(
        labels,
        rule.targetLabel,
        eachRune(value, (rune) => rune.toLowerCase()),
      );
      return true;
    case 'uppercase':
      set(
        labels,
        rule.targetLabel,
        eachRune(value, (rune) => rune.toUpperCase()),
      );
      return true;
    case 'hashmod':
      set(labels, rule.targetLabel, hashMod(value, rule.modulus));
      return true;
    case 'labelmap':
      for (const [name, of] of [...labels]) {
        const renamed = regex.expand(name, rule.replacement);
        if (renamed !== null) set(labels, renamed, of);
      }
      return true;
    case 'labeldrop':
    case 'labelkeep':
      for (const name of [...labels.keys()]) {
        if (regex.test(name) === (rule.action === 'labeldrop')) labels.delete(name);
      }
      return true;
    default:
      throw new RangeError(`unknown relabel action ${rule.action}`);
  }
}

function replace(rule: RelabelRule, value: string, labels: Map<string, string>): void {
  const regex = anchored(rule.regex);
  const target = regex.expand(value, rule.targetLabel);
  // No match, or a name that no label can have: nothing is replaced.
  if (target === null || target === '') return;
  set(labels, target, regex.expand(value, rule.replacement)!);
}

function set(labels: Map<string, string>, name: string, value: string): void {
  if (value === '') labels.delete(name);
  else labels.set(name, value);
}

/** Letter by letter, where one stays one: Go's mapping knows no `SS` for a sharp s. */
function eachRune(text: string, map: (rune: string) => string): string {
  return Array.from(text, (rune) => {
    const mapped = map(rune);
    return mapped.length === rune.length ? mapped : rune;
  }).join('');
}

/** The last eight bytes of the MD5 sum, as a number. */
function hashMod(value: string, modulus: number): string {
  if (modulus <= 0) throw new RangeError('hashmod needs a modulus above 0');
  const hash = createHash('md5').update(value, 'utf8').digest().readBigUInt64BE(8);
  return String(hash % BigInt(modulus));
}
