import type { FamilyCost, Machine, ScrapeModel, ScrapePoint, ScrapePrediction } from '../../result/bench/types.ts';
import { familyCosts } from '../families/index.ts';
import { fitModel } from '../model/index.ts';
import { describeShape, shapeFor } from '../pages/shape.ts';
import type { ScrapeOptions } from './options.ts';
import { predictFor } from './predictions.ts';

export interface Analysis {
  model: ScrapeModel | null;
  predictions: ScrapePrediction[];
  families: FamilyCost[];
}

/** What the points so far say. */
export function analyse(points: readonly ScrapePoint[], options: ScrapeOptions, machine: Machine): Analysis {
  const model = fitModel(points);
  const { predictions, churn, queries } = options;
  const costs = { intervalMs: intervalOf(options), ...(queries && { queries }) };
  return {
    model,
    predictions: model ? predictFor(model, predictions, machine, churn) : [],
    families: options.families ? familyCosts(familiesShape(options), model, costs) : [],
  };
}

/** Of the proxies that were asked about; else the largest of the sweep. */
function familiesShape({ predictions: [asked], versions, series }: ScrapeOptions) {
  const shape = asked
    ? shapeFor({ version: asked.version, edges: asked.edges })
    : shapeFor({ version: versions[0]!, series: Math.max(...series) });
  return describeShape(shape);
}

function intervalOf({ predictions: [asked], intervalsMs }: ScrapeOptions): number {
  return asked?.intervalMs ?? Math.min(...intervalsMs);
}
