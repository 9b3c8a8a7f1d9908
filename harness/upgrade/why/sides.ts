import { type Expr, print, type Selector, selectorsOf, tryParse } from '../../prometheus/promql/index.ts';
import { instantOf } from '../queries/parts.ts';
import type { QueryAnswer } from '../types.ts';

/** A selector of a query, with how much it selected in the worlds of each side. */
export interface AskedSelector {
  selector: Selector;
  before: number[];
  after: number[];
  /** Values of `job` among its series before. */
  jobs: string[];
}

type Series = QueryAnswer['series'];

/** The query's selectors in their order; null where it does not parse. */
export function askedSelectors(
  evaluated: string,
  before: readonly QueryAnswer[],
  after: readonly QueryAnswer[],
): { tree: Expr; selectors: AskedSelector[] } | null {
  const tree = tryParse(evaluated);
  if (!tree) return null;
  const [was, is] = [before.map(seriesOfSelectors), after.map(seriesOfSelectors)];
  const selectors = selectorsOf(tree).map((selector, i): AskedSelector => {
    // Variables may have other values in another world: selectors are told apart by their place.
    const of = (worlds: Series[][]) => worlds.flatMap((world) => (world[i] ? [world[i]] : []));
    const jobs = of(was).flatMap((series) => series.map(({ labels }) => labels.job ?? ''));
    const counts = (worlds: Series[][]) => of(worlds).map((series) => series.length);
    return { selector, before: counts(was), after: counts(is), jobs: [...new Set(jobs)].filter((job) => job !== '') };
  });
  return { tree, selectors };
}

function seriesOfSelectors({ evaluated, series, parts }: QueryAnswer): Series[] {
  const tree = tryParse(evaluated);
  if (!tree) return [];
  const own = print(tree);
  return selectorsOf(tree).map((selector) => {
    const text = print(instantOf(selector));
    return text === own ? series : (parts.find(({ expr }) => expr === text)?.series ?? []);
  });
}

const any = (counts: readonly number[]) => counts.some((n) => n > 0);

export const isLost = ({ before, after }: AskedSelector) => any(before) && after.length > 0 && !any(after);
export const isFilled = ({ before, after }: AskedSelector) => any(after) && before.length > 0 && !any(before);

/** Labels of the answers' series by name, with their values; empty values are no labels. */
export function labelsOfAnswers(answers: readonly QueryAnswer[]): Map<string, Set<string>> {
  const labels = new Map<string, Set<string>>();
  for (const { labels: of } of answers.flatMap(({ series }) => series)) {
    for (const [name, value] of Object.entries(of)) {
      if (value !== '') labels.set(name, (labels.get(name) ?? new Set()).add(value));
    }
  }
  return labels;
}
