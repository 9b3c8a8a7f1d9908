/** Counters of one simulated sidecar: a log of increments in time, from which any page can be rendered. */

export type Labels = Record<string, string>;

interface Increment {
  t: number;
  key: string;
  delta: number;
}

export interface SimSeries {
  name: string;
  labels: Labels;
}

const LATENCY = [
  1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000, 2000, 3000, 4000, 5000, 10000, 20000, 30000, 40000,
  50000,
];
const FOUR = [0.05, 0.5, 1, 10];
const SEVEN = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 10];

export class SimProxy {
  readonly startMs: number;
  readonly killMs: number;
  readonly series = new Map<string, SimSeries>();
  private readonly log: Increment[] = [];

  constructor(startMs: number, killMs: number) {
    this.startMs = startMs;
    this.killMs = killMs;
  }

  count(t: number, name: string, labels: Labels, delta = 1): void {
    // What would have happened after the kill does not happen.
    if (t >= this.killMs) return;
    const key = `${name}${JSON.stringify(labels)}`;
    if (!this.series.has(key)) this.series.set(key, { name, labels });
    this.log.push({ t, key, delta });
  }

  /** Truncated to whole milliseconds; `null` makes the histogram appear at zero. */
  latency(t: number, labels: Labels, ms: number | null, base = 'response_latency_ms'): void {
    const value = ms === null ? null : Math.floor(ms);
    this.histogram(t, base, labels, LATENCY, value, (le) => (le < 1000 ? `${le}.0` : `${le}.0`));
  }

  duration(t: number, base: string, labels: Labels, ms: number): void {
    const four = /outbound_\w+_route_request|inbound_\w+_response/.test(base);
    this.histogram(t, base, labels, four ? FOUR : SEVEN, ms / 1000, (le) =>
      Number.isInteger(le) ? `${le}.0` : `${le}`,
    );
  }

  private histogram(
    t: number,
    base: string,
    labels: Labels,
    edges: number[],
    value: number | null,
    text: (le: number) => string,
  ): void {
    for (const le of edges) {
      this.count(t, `${base}_bucket`, { ...labels, le: text(le) }, value !== null && value <= le ? 1 : 0);
    }
    this.count(t, `${base}_bucket`, { ...labels, le: '+Inf' }, value === null ? 0 : 1);
    this.count(t, `${base}_count`, labels, value === null ? 0 : 1);
    this.count(t, `${base}_sum`, labels, value ?? 0);
  }

  /** Values of every series that exists at each of the moments (ascending). */
  render(moments: readonly number[], show: (series: string, moment: number, value: number) => void): void {
    this.log.sort((a, b) => a.t - b.t);
    const values = new Map<string, number>();
    let next = 0;
    moments.forEach((moment, i) => {
      for (; next < this.log.length && this.log[next]!.t <= moment; next++) {
        const { key, delta } = this.log[next]!;
        values.set(key, (values.get(key) ?? 0) + delta);
      }
      for (const [key, value] of values) show(key, i, value);
    });
  }
}
