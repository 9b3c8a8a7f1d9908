/** The Kolmogorov-Smirnov distance between samples and a continuous distribution function. */
export function ksDistance(samples: number[], cdf: (x: number) => number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const n = sorted.length;
  let distance = 0;
  sorted.forEach((x, i) => {
    const p = cdf(x);
    distance = Math.max(distance, p - i / n, (i + 1) / n - p);
  });
  return distance;
}

/** The distance that true samples exceed with probability alpha (asymptotic, n above about 40). */
export function ksCritical(n: number, alpha: number): number {
  return Math.sqrt(-Math.log(alpha / 2) / 2 / n);
}

/** Counts [low, high] outside of which a binomial variable falls with probability alpha at most; exact tail sums. */
export function binomialBounds(n: number, p: number, alpha: number): [low: number, high: number] {
  const logPmf = logBinomialPmf(n, p);
  let low = 0;
  for (let tail = Math.exp(logPmf(0)); tail < alpha / 2; tail += Math.exp(logPmf(low))) low += 1;
  let high = n;
  for (let tail = Math.exp(logPmf(n)); tail < alpha / 2; tail += Math.exp(logPmf(high))) high -= 1;
  return [low, high];
}

function logBinomialPmf(n: number, p: number): (k: number) => number {
  const logFactorial = [0];
  for (let i = 1; i <= n; i += 1) logFactorial.push(logFactorial[i - 1]! + Math.log(i));
  return (k) =>
    logFactorial[n]! - logFactorial[k]! - logFactorial[n - k]! + k * Math.log(p) + (n - k) * Math.log(1 - p);
}

/** Pearson's correlation. */
export function correlation(xs: number[], ys: number[]): number {
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const mx = mean(xs);
  const my = mean(ys);
  let sxy = 0;
  let sxx = 0;
  let syy = 0;
  xs.forEach((x, i) => {
    const dx = x - mx;
    const dy = ys[i]! - my;
    sxy += dx * dy;
    sxx += dx * dx;
    syy += dy * dy;
  });
  return sxy / Math.sqrt(sxx * syy);
}
