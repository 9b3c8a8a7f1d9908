import type { ScrapeModel, ScrapePrediction } from '../../result/bench/types.ts';
import type { Room } from './types.ts';

/** Prometheus' default; never longer than the interval. */
const TIMEOUT_MS = 10_000;
const GIB = 1024 ** 3;

const LARGEST =
  'those with the largest pages first: gateways, ingresses and the control plane, then apps by their number of edges';

type Missed = ScrapePrediction['missed'];

/**
 * Which targets would be missed, and why. A scrape that is not over when the next is due takes its place, and one that outlasts
 * the timeout is lost; both befall large pages first, since all scrapes share the CPU. No limit of a page's size is assumed:
 * Prometheus has none by default.
 */
export function missedTargets(prediction: ScrapePrediction, model: ScrapeModel, room: Room | undefined): Missed {
  return [
    ...(room ? tooMuchMemory(prediction, room) : []),
    ...(room ? tooLittleCpu(prediction, room) : []),
    ...tooSlow(prediction, model, room),
  ];
}

function tooMuchMemory({ memoryBytes: { value, high } }: ScrapePrediction, room: Room): Missed {
  if (high <= room.memoryBytes) return [];
  const has = `the machine has ${gib(room.memoryBytes)}`;
  return value > room.memoryBytes
    ? [
        {
          targets: 'all',
          why: `Prometheus needs ${gib(value)} of memory and ${has}: it is ended, again after each restart`,
        },
      ]
    : [{ targets: 'all, perhaps', why: `Prometheus needs up to ${gib(high)} of memory and ${has}` }];
}

function tooLittleCpu({ cpuCores: { value, high }, asked }: ScrapePrediction, { cores }: Room): Missed {
  if (high <= cores) return [];
  const has = `the machine has ${cores}`;
  if (value <= cores) {
    return [{ targets: `some, perhaps; ${LARGEST}`, why: `Prometheus needs up to ${round(high)} cores and ${has}` }];
  }
  const share = 1 - cores / value;
  const lost = `about ${percent(share)} of all scrapes, as many as ${Math.round(share * asked.pods).toLocaleString('en-US')} targets have`;
  return [{ targets: `${lost}; ${LARGEST}`, why: `Prometheus needs ${round(value)} cores and ${has}` }];
}

/** How much longer a scrape takes that waits for its share of the CPU. */
function stretch({ cpuCores }: ScrapePrediction, room: Room | undefined): number {
  return room ? Math.max(1, cpuCores.value / room.cores) : 1;
}

function tooSlow(prediction: ScrapePrediction, model: ScrapeModel, room: Room | undefined): Missed {
  const { scrapeDurationMs, asked, seriesPerPod } = prediction;
  const timeoutMs = Math.min(TIMEOUT_MS, asked.intervalMs);
  const longer = stretch(prediction, room);
  const takes = scrapeDurationMs.value * longer;
  if (takes > timeoutMs) {
    return [{ targets: 'all', why: `a scrape takes ${seconds(takes)} and may take ${seconds(timeoutMs)}` }];
  }
  const perSeries = model.quantities
    .find(({ name }) => name === 'scrape-duration')
    ?.terms.find(({ name }) => name === 'series per target')?.coefficient;
  if (perSeries === undefined) return [];
  const atMost = seriesPerPod + (timeoutMs / longer - scrapeDurationMs.value) / perSeries;
  if (atMost > LARGE_PAGE * seriesPerPod) return [];
  return [
    {
      targets: `proxies whose pages have more than ${Math.round(atMost).toLocaleString('en-US')} series, as those of gateways and ingresses may`,
      why: `a scrape of theirs takes longer than ${seconds(timeoutMs)}`,
    },
  ];
}

/** Pages of gateways have that many times the series of an app's. */
const LARGE_PAGE = 20;

const round = (value: number) => Number(value.toPrecision(2)).toLocaleString('en-US');
const percent = (share: number) => `${Math.max(1, Math.round(share * 100))} %`;
const gib = (bytes: number) => `${round(bytes / GIB)} GiB`;
const seconds = (ms: number) => `${round(ms / 1000)} s`;
