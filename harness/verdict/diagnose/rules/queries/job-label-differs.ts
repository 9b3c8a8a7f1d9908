import {
  print,
  type Selector,
  selectorsOf,
  transform,
  withMatcher,
  withoutLabel,
} from '../../../../prometheus/promql/index.ts';
import { matched } from '../../failed-query.ts';
import { asInstant, type QueryContext } from './context.ts';
import type { Mend, Way } from './mend.ts';

/** `job` is what the scrape configuration calls it: under a PodMonitor `linkerd/linkerd-proxy`, not `linkerd-proxy`. */
export const jobLabelDiffers: Mend = {
  cause: 'job-label-differs',
  needs: ['the jobs that have the series which the query is about'],
  ways(tree, context): Way[] {
    const found = new Map<string, { selector: Selector; jobs: string[] }>();
    for (const selector of selectorsOf(tree)) {
      const asked = matched(selector, 'job');
      const jobs = asked === undefined ? undefined : jobsInstead(selector, asked, context);
      if (asked !== undefined && jobs) found.set(asked, { selector, jobs });
    }
    if (found.size === 0) return [];
    // Of all that ask for that job: what else one of them asks for may not have happened yet.
    const mended = transform(tree, (expr) => {
      const known = expr.kind === 'selector' ? found.get(matched(expr, 'job') ?? '') : undefined;
      return expr.kind === 'selector' && known ? withJobs(expr, known.jobs) : expr;
    });
    const evidence = [...found].map(
      ([asked, { selector, jobs }]) =>
        `${print(asInstant(selector))} selects nothing; without job="${asked}" it selects series of job ${jobs.map((job) => `"${job}"`).join(' and ')}`,
    );
    return [{ tree: mended, evidence: [...new Set(evidence)] }];
  },
};

/** The jobs that have what a selector asks of a job that has nothing; undefined: it is not so, or not known yet. */
function jobsInstead(selector: Selector, asked: string, context: QueryContext): string[] | undefined {
  const own = context.valuesOf('job', selector);
  const others = context.valuesOf('job', withoutLabel(selector, 'job'));
  if (own === undefined || others === undefined || own.length > 0 || others.length === 0) return undefined;
  const alike = others.filter((job) => isAlike(job, asked));
  return alike.length > 0 ? alike : others;
}

/** A PodMonitor's job is `namespace/name`. */
function isAlike(job: string, asked: string): boolean {
  return job.endsWith(`/${asked}`) || asked.endsWith(`/${job}`);
}

function withJobs(selector: Selector, jobs: string[]): Selector {
  const bare = withoutLabel(selector, 'job');
  if (jobs.length === 1) return withMatcher(bare, { label: 'job', op: '=', value: jobs[0]! });
  const value = jobs.map((job) => job.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  return withMatcher(bare, { label: 'job', op: '=~', value });
}
