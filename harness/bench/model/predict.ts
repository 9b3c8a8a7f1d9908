import type { Estimate, ModelQuantity, ScrapeModel, ScrapePrediction } from '../../result/bench/types.ts';
import { agedBytes, estimateOf, plus, times, UNKNOWN } from './estimate.ts';
import { extrapolations } from './extrapolations.ts';
import { type Facts, factsAsked } from './facts.ts';
import { missedTargets } from './missed.ts';
import type { Asked, PageSize, Room } from './types.ts';

const DAY_SECONDS = 86_400;

/**
 * What a mesh would cost its Prometheus once it has run for hours: memory at the end of a head's three hours, with the series of
 * pods that were replaced meanwhile; disk of blocks of two hours. An estimate of which nothing is known has level 0.
 * @param shape what pages of its proxies are like
 * @param room what Prometheus runs on: with it the prediction says what would not fit
 */
export function predict(model: ScrapeModel, asked: Asked, shape: PageSize, room?: Room): ScrapePrediction {
  const of = (name: ModelQuantity['name'], facts: Facts): Estimate => {
    const quantity = model.quantities.find((one) => one.name === name);
    return quantity ? estimateOf(quantity, facts) : UNKNOWN;
  };
  const known = (name: ModelQuantity['name']) => model.quantities.some((one) => one.name === name);
  const cpuCores = of('cpu', factsAsked(asked, shape, 0));
  const facts = factsAsked(asked, shape, Math.min(cpuCores.value, room?.cores ?? cpuCores.value));
  const perDay = facts['samples per second'] * DAY_SECONDS;
  const prediction: ScrapePrediction = {
    asked,
    seriesPerPod: shape.series,
    samplesPerSecond: facts['samples per second'],
    cpuCores,
    memoryBytes: known('memory') ? plus(of('memory', facts), agedBytes(facts)) : UNKNOWN,
    diskBytesPerDay: known('disk') ? times(of('disk', facts), perDay) : UNKNOWN,
    scrapeDurationMs: of('scrape-duration', facts),
    missed: [],
    extrapolates: extrapolations(model, facts),
  };
  return { ...prediction, missed: missedTargets(prediction, model, room) };
}
