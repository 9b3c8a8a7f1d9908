import type { CauseId } from '../../../../causes/ids.ts';
import { failedQueries } from '../../failed-query.ts';
import type { Rule } from '../../types.ts';
import { seriesBornAboveZero } from './born-above-zero.ts';
import { QueryContext } from './context.ts';
import { explain } from './explain.ts';
import { failureSeriesMissing } from './failure-series-missing.ts';
import { irateOnASpikyLoad } from './irate.ts';
import { jobLabelDiffers } from './job-label-differs.ts';
import { labelOfAnotherVersion } from './label-of-another-version.ts';
import type { Mend } from './mend.ts';
import { noDirectionFilter } from './no-direction-filter.ts';
import { quantileInAWideBucket } from './quantile-in-a-wide-bucket.ts';
import { sumBeforeRate } from './sum-before-rate.ts';
import { windowTooShort } from './window-too-short.ts';

/** The ways to mislead that are known. */
export const MENDS: readonly Mend[] = [
  windowTooShort,
  irateOnASpikyLoad,
  seriesBornAboveZero,
  failureSeriesMissing,
  sumBeforeRate,
  quantileInAWideBucket,
  noDirectionFilter,
  labelOfAnotherVersion,
  jobLabelDiffers,
];

/** Looks at queries that fail alone: what they mislead by is as designed, and does no harm where they say what is true. */
const misleadingQueries: Rule = {
  causes: MENDS.map((mend) => mend.cause) as [CauseId, ...CauseId[]],
  needs: ['queries that fail', ...new Set(MENDS.flatMap((mend) => mend.needs))],
  diagnose({ evidence, run }, ask) {
    return failedQueries(run).flatMap((query) => explain(new QueryContext(query, evidence, ask), MENDS));
  },
};

export const QUERY_RULES: readonly Rule[] = [misleadingQueries];
