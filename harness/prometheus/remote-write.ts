import { HarnessError } from '../core/errors.ts';

export interface TimeSeries {
  /** `__name__` among them. */
  labels: Record<string, string>;
  /** Ascending; `t` is epoch ms, whole. */
  samples: { t: number; v: number | typeof STALE }[];
}

/** A series that is in a scrape no more. */
export const STALE = Symbol('stale');
/** The one NaN by which Prometheus knows it. */
const STALE_BITS = 0x7ff0000000000002n;

/** Samples of one request; some 18 bytes each. */
const SAMPLES_PER_REQUEST = 50_000;
/** A request holds so much time at most: what is older than the newest sample by an hour is refused. */
const SPAN_MS = 10 * 60_000;

/** The path at which Prometheus takes it, when it was started with `REMOTE_WRITE_ARG`. */
const PATH = '/api/v1/write';
export const REMOTE_WRITE_ARG = '--web.enable-remote-write-receiver';

/**
 * Sends series to a Prometheus by its remote-write protocol (1.0), the older samples of all of them before the newer.
 * @param url of Prometheus
 * @throws HarnessError REMOTE_WRITE with what it says
 */
export async function remoteWrite(url: string, series: readonly TimeSeries[], signal: AbortSignal): Promise<void> {
  for (const batch of batches(series)) {
    signal.throwIfAborted();
    const response = await fetch(`${url}${PATH}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
      },
      body: snappyLiteral(writeRequest(batch)),
      signal,
    });
    const text = await response.text();
    if (!response.ok) {
      throw new HarnessError('REMOTE_WRITE', `Prometheus takes no samples: ${response.status} ${text.trim()}`, {
        hint: `it must be started with ${REMOTE_WRITE_ARG}`,
      });
    }
  }
}

function* batches(series: readonly TimeSeries[]): Generator<TimeSeries[]> {
  const first = Math.min(...series.map(({ samples }) => samples[0]?.t ?? Number.POSITIVE_INFINITY));
  const next = series.map(() => 0);
  for (let end = first + SPAN_MS; next.some((n, i) => n < series[i]!.samples.length); end += SPAN_MS) {
    let batch: TimeSeries[] = [];
    let size = 0;
    for (const [i, { labels, samples }] of series.entries()) {
      const from = next[i]!;
      let to = from;
      while (to < samples.length && samples[to]!.t < end) to += 1;
      if (to === from) continue;
      next[i] = to;
      batch.push({ labels, samples: samples.slice(from, to) });
      size += to - from;
      if (size < SAMPLES_PER_REQUEST) continue;
      yield batch;
      batch = [];
      size = 0;
    }
    if (batch.length > 0) yield batch;
  }
}

/** `prometheus.WriteRequest`: timeseries = 1 { labels = 1 { name = 1, value = 2 }, samples = 2 { value = 1, timestamp = 2 } }. */
export function writeRequest(series: readonly TimeSeries[]): Buffer {
  return Buffer.concat(series.map((one) => field(1, timeSeries(one))));
}

function timeSeries({ labels, samples }: TimeSeries): Buffer {
  // In the order of bytes, as Prometheus wants them.
  const names = Object.keys(labels).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const text = (name: string) => [field(1, Buffer.from(name)), field(2, Buffer.from(labels[name]!))];
  return Buffer.concat([
    ...names.map((name) => field(1, Buffer.concat(text(name)))),
    ...samples.map(({ t, v }) => field(2, sample(t, v))),
  ]);
}

function sample(t: number, v: number | typeof STALE): Buffer {
  const head = Buffer.alloc(9);
  head[0] = (1 << 3) | 1;
  if (v === STALE) head.writeBigUInt64LE(STALE_BITS, 1);
  else head.writeDoubleLE(v, 1);
  return Buffer.concat([head, Buffer.from([2 << 3]), varint(t)]);
}

/** A field of bytes. */
function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

const LITERAL = 65_536;

/** Snappy's block format, all of it literal: the length, then pieces as they are. */
export function snappyLiteral(bytes: Buffer): Buffer {
  const parts = [varint(bytes.length)];
  for (let at = 0; at < bytes.length; at += LITERAL) {
    const piece = bytes.subarray(at, at + LITERAL);
    const tag = Buffer.alloc(3);
    // 61: the length, less one, follows in two bytes.
    tag[0] = 61 << 2;
    tag.writeUInt16LE(piece.length - 1, 1);
    parts.push(tag, piece);
  }
  return Buffer.concat(parts);
}
