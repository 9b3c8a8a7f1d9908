import type { Machine, ScrapeModel, ScrapePrediction } from '../../result/bench/types.ts';
import { predict } from '../model/index.ts';
import { describeShape, shapeFor } from '../pages/shape.ts';
import type { AskedPrediction } from './options.ts';

/**
 * What the model says of each mesh that is asked for; the pages of its proxies are those of their version.
 * @param churn share of its pods that are replaced each minute
 * @throws HarnessError UNKNOWN_MESH_VERSION, BAD_SHAPE
 */
export function predictFor(
  model: ScrapeModel,
  asked: readonly AskedPrediction[],
  machine: Pick<Machine, 'cores' | 'memoryBytes'>,
  churn: number,
): ScrapePrediction[] {
  return asked.map(({ pods, edges, intervalMs, version }) => {
    const { series, bytes } = describeShape(shapeFor({ version, edges }));
    return predict(model, { pods, edges, intervalMs, version, churn }, { series, bytes }, machine);
  });
}
