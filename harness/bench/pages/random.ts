/** Numbers from 0 to 1 (exclusive), the same sequence for the same seed (mulberry32). */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** From here on the normal distribution is near enough. */
const MANY = 30;

/** How many events happen where `mean` are expected. */
export function poisson(mean: number, random: Random): number {
  if (mean <= 0) return 0;
  if (mean >= MANY) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  let share = Math.exp(-mean);
  let rest = random() - share;
  let count = 0;
  while (rest >= 0 && share > 0) {
    count++;
    share *= mean / count;
    rest -= share;
  }
  return count;
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** `length` characters as pods' names have them. */
export function nameSuffix(length: number, random: Random): string {
  let out = '';
  for (let i = 0; i < length; i++) out += SUFFIX[Math.floor(random() * SUFFIX.length)];
  return out;
}

/** Kubernetes' own: no vowels, so that no words come about. */
const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789';
