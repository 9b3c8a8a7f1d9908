/** Round steps of axes, so that few labels say much. */

/** The smallest of 1, 2, 5, 10, 20, ... that is not below. */
export function niceStep(atLeast: number): number {
  if (!(atLeast > 0) || !Number.isFinite(atLeast)) return 1;
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return [1, 2, 5, 10].map((digit) => digit * power).find((step) => step >= atLeast * (1 - 1e-9)) ?? 10 * power;
}

/** An axis from 0 that holds `top`, in at most `parts` whole steps. */
export function niceAxis(top: number, parts: number): { max: number; interval: number } {
  const interval = Math.max(1, niceStep(top / parts));
  return { max: Math.max(1, Math.ceil(top / interval - 1e-9)) * interval, interval };
}

const SECOND_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400];

/** Round moments between two, ms, at most `most`. */
export function timeTicks(fromMs: number, toMs: number, most = 6): number[] {
  const span = (toMs - fromMs) / 1000;
  const step = SECOND_STEPS.find((seconds) => span / seconds <= most - 1) ?? niceStep(span / (most - 1));
  const ticks: number[] = [];
  for (let i = Math.ceil(fromMs / 1000 / step - 1e-9); i * step * 1000 <= toMs + 1e-6; i++)
    ticks.push(i * step * 1000 + 0);
  return ticks;
}

/** `10 s`, `2 min`, `1.5 min`. */
export function timeLabel(ms: number): string {
  const seconds = Math.round(ms) / 1000;
  return Math.abs(seconds) < 120 ? `${seconds} s` : `${Math.round(seconds / 6) / 10} min`;
}

/** `850`, `12k`, `1.5M`: for an axis. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Math.round(value / 1e5) / 10}M`;
  return size >= 10_000 ? `${Math.round(value / 100) / 10}k` : String(Math.round(value * 1000) / 1000);
}

/** Edges for a logarithmic axis of milliseconds: 1, 2, 5, 10, ... between two. */
export function logTicks(lowMs: number, highMs: number): number[] {
  const decades = Math.log10(highMs / lowMs);
  const digits = decades > 3 ? [1] : decades > 2 ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(lowMs)); power <= Math.ceil(Math.log10(highMs)); power++) {
    for (const digit of digits) {
      const tick = digit * 10 ** power;
      if (tick >= lowMs * (1 - 1e-9) && tick <= highMs * (1 + 1e-9)) ticks.push(tick);
    }
  }
  return ticks;
}
