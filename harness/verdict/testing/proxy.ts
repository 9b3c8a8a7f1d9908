/** Counters of one simulated sidecar: a log of increments in time, from which any page can be rendered. */

export type Labels = Record<string, string>;

interface Increment {
  t: number;
  key: string;
  delta: number;
}

/** Edges as the label `le` has them, without `+Inf`. */
type Edges = readonly { le: number; text: string }[];

export interface SimSeries {
  name: string;
  labels: Labels;
}

const edgesOf = (les: readonly number[]): Edges =>
  les.map((le) => ({ le, text: Number.isInteger(le) ? `${le}.0` : `${le}` }));
const LATENCY = edgesOf([
  1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000, 2000, 3000, 4000, 5000, 10000, 20000, 30000, 40000,
  50000,
]);
const FOUR = edgesOf([0.05, 0.5, 1, 10]);
const SEVEN = edgesOf([0.025, 0.05, 0.1, 0.25, 0.5, 1, 10]);

export class SimProxy {
  readonly startMs: number;
  readonly killMs: number;
  readonly series = new Map<string, SimSeries>();
  /** Of the last thing that it counted. */
  lastMs = Number.NEGATIVE_INFINITY;
  private readonly log: Increment[] = [];
  /** One string for each series, however often it counts. */
  private readonly keys = new Map<string, string>();

  constructor(startMs: number, killMs: number) {
    this.startMs = startMs;
    this.killMs = killMs;
  }

  count(t: number, name: string, labels: Labels, delta = 1): void {
    this.add(t, name, labels, JSON.stringify(labels), null, delta);
  }

  private add(t: number, name: string, labels: Labels, labelKey: string, le: string | null, delta: number): void {
    // What would have happened after the kill does not happen.
    if (t >= this.killMs) return;
    this.lastMs = Math.max(this.lastMs, t);
    const wanted = `${name}${labelKey}${le ?? ''}`;
    let key = this.keys.get(wanted);
    if (key === undefined) {
      key = wanted;
      this.keys.set(key, key);
      this.series.set(key, { name, labels: le === null ? labels : { ...labels, le } });
    }
    this.log.push({ t, key, delta });
  }

  /** Truncated to whole milliseconds; `null` makes the histogram appear at zero. */
  latency(t: number, labels: Labels, ms: number | null, base = 'response_latency_ms'): void {
    this.histogram(t, base, labels, LATENCY, ms === null ? null : Math.floor(ms));
  }

  duration(t: number, base: string, labels: Labels, ms: number): void {
    const four = /outbound_\w+_route_request|inbound_\w+_response/.test(base);
    this.histogram(t, base, labels, four ? FOUR : SEVEN, ms / 1000);
  }

  private histogram(t: number, base: string, labels: Labels, edges: Edges, value: number | null): void {
    const key = JSON.stringify(labels);
    const bucket = `${base}_bucket`;
    for (const { le, text } of edges) this.add(t, bucket, labels, key, text, value !== null && value <= le ? 1 : 0);
    this.add(t, bucket, labels, key, '+Inf', value === null ? 0 : 1);
    this.add(t, `${base}_count`, labels, key, null, value === null ? 0 : 1);
    this.add(t, `${base}_sum`, labels, key, null, value ?? 0);
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
