import { type AppliedChange, changeText } from '../../changes/index.ts';

/** A reason, with what to do about it. */
export interface Why {
  text: string;
  /** Empty: nothing, or not known. */
  instead: string;
  /** Whether the expression can be written anew. */
  renamed: boolean;
}

/** @param seen what was seen of it, before why it is so */
export function why(applied: AppliedChange, seen = ''): Why {
  const { subject, instead, rewrite } = applied.change;
  const text = changeText(applied);
  // Of what came, it says what those have to do who lack it.
  const came = 'change' in subject && (subject.change === 'added') !== applied.reversed;
  const lost = !(came && ['added', 'removed'].includes(subject.change));
  return { text: seen ? `${seen}: ${text}` : text, instead: lost ? instead : '', renamed: rewrite !== undefined };
}

export const whyUnknown = (text: string): Why => ({ text, instead: '', renamed: false });

/** Each reason once, with what to do unless that is to write it anew. */
export function whysText(whys: readonly Why[]): string {
  const once = whys.filter(({ text }, i) => whys.findIndex((other) => other.text === text) === i);
  return once
    .map(({ text, instead, renamed }) => (instead && !renamed ? `${text}; instead: ${instead}` : text))
    .join('; ');
}

export const plural = (n: number, word: string) => `${n} ${word}${n === 1 || word.endsWith('s') ? '' : 's'}`;
