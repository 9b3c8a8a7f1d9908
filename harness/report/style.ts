import type { VerdictValue } from '../result/types.ts';

/** Terminal colours; each is the identity when colour was not asked for. */
export interface Style {
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
  verdict(verdict: VerdictValue, text: string): string;
}

export function createStyle(color: boolean): Style {
  const sgr = (on: number, off: number) => (text: string) => (color ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  const [red, green, yellow] = [sgr(31, 39), sgr(32, 39), sgr(33, 39)];
  const byVerdict = { pass: green, fail: red, inconclusive: yellow };
  return {
    red,
    green,
    yellow,
    dim: sgr(2, 22),
    bold: sgr(1, 22),
    verdict: (verdict, text) => byVerdict[verdict](text),
  };
}
