import type { ModelQuantity, ScrapeModel } from '../../result/bench/types.ts';
import { agedBytes } from './estimate.ts';
import { type Facts, HEAD_MINUTES } from './facts.ts';

const whole = (value: number) => Math.round(value).toLocaleString('en-US');
const figure = (value: number) => (value < 100 ? String(Number(value.toPrecision(3))) : whole(value));

/** Of each fact its text, `#` where its number stands. */
const DIMENSIONS: readonly { fact: keyof Facts; text: string }[] = [
  { fact: 'series', text: '# series in the head' },
  { fact: 'targets', text: '# targets' },
  { fact: 'samples per second', text: '# samples per second' },
  { fact: 'series per target', text: 'pages of # series' },
  { fact: 'bytes per series', text: 'lines of # bytes' },
  { fact: 'interval', text: 'an interval of # s' },
  { fact: 'new series per second', text: '# new series per second' },
];

/** Measurements and pages are within a few percent of what was wanted: that is not beyond them. */
const SLACK = 1.03;

const NAMES: Record<ModelQuantity['name'], string> = {
  cpu: 'CPU',
  memory: 'memory',
  disk: 'disk',
  'scrape-duration': 'the duration of a scrape',
};

/** In which respects what is asked lies outside of what was measured, a sentence each. */
export function extrapolations(model: ScrapeModel, facts: Facts): string[] {
  const range = widest(model);
  const beyond = DIMENSIONS.flatMap(({ fact, text }) => {
    const measured = range[fact];
    if (!measured) return [];
    const [low, high] = measured;
    const value = facts[fact];
    const said = text.replace('#', figure(value));
    if (value > high * SLACK) return [`${said}; measured ${high > 0 ? `up to ${figure(high)}` : 'without'}`];
    return value < low / SLACK && value > 0 ? [`${said}; measured from ${figure(low)} on`] : [];
  });
  return [...beyond, ...uncompressed(range), ...aged(model, facts), ...unknown(model)];
}

/** The quantities share their points but for some that one of them has no measurement of. */
function widest({ quantities }: ScrapeModel): ModelQuantity['range'] {
  const range: ModelQuantity['range'] = {};
  for (const { name, range: one } of quantities) {
    if (name !== 'cpu' && name !== 'memory') continue;
    for (const [fact, [low, high]] of Object.entries(one)) {
      const other = range[fact];
      // What both have been fitted to.
      range[fact] = other ? [Math.max(low, other[0]), Math.min(high, other[1])] : [low, high];
    }
  }
  return range;
}

function uncompressed(range: ModelQuantity['range']): string[] {
  return range['compressed samples per second']?.[1] === 0
    ? ['pages that come compressed, as Prometheus asks for them; measured uncompressed']
    : [];
}

function aged({ quantities }: ScrapeModel, facts: Facts): string[] {
  const memory = quantities.find(({ name }) => name === 'memory');
  const seconds = memory?.range.seconds?.[1];
  if (seconds === undefined || seconds >= HEAD_MINUTES * 60) return [];
  const added = agedBytes(facts) / facts.series;
  const more = added >= 1 ? ` ${whole(added)} bytes per series are added for the chunks finished until then;` : '';
  return [
    `memory after three hours, the oldest that a head gets; watched for ${minutes(seconds)};${more} compactions and queries are not included`,
  ];
}

function minutes(seconds: number): string {
  return seconds < 120 ? `${whole(seconds)} s` : `${whole(seconds / 60)} minutes`;
}

function unknown({ quantities }: ScrapeModel): string[] {
  return (['disk', 'scrape-duration'] as const)
    .filter((name) => !quantities.some((one) => one.name === name))
    .map((name) => `nothing is known of ${NAMES[name]}: too few points have a measurement of it`);
}
