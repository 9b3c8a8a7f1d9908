import type { MadeRequest, TruthJournal } from '../../ledger/types.ts';
import type { Random } from '../../matrix/types.ts';
import type { History } from './history.ts';

/** A request of web to cart in a world: what its journal and its counters are made of. */
export interface Asked {
  endMs: number;
  latencyMs: number;
  status: number;
  /** Which of cart's pods. */
  pod: number;
  /** How often proxies counted it; absent: once. */
  attempts?: number;
}

export interface World {
  /** Its namespace, in which it has web, cart and db to itself. */
  namespace: string;
  /** End of traffic, epoch ms. */
  atMs: number;
  intervalMs: number;
  asked: Asked[];
  /** When cart's first pod began anew. */
  restartMs?: number;
  /** Default `linkerd-proxy`. */
  job?: string;
}

const PODS = 2;
const LE = [1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000, 2000, 3000, 4000, 5000, 10000];

/** What Prometheus has of a world: web and cart are scraped, each pod at a moment of its own. cart asks db as often as it is asked. */
export function historiesOf(world: World, random: Random): History[] {
  const { namespace, atMs, intervalMs, job = 'linkerd-proxy' } = world;
  const scrapes = () => {
    const phase = random.int(0, intervalMs - 1);
    // Beyond the end: those scrapes are stored by the time that the query is asked.
    return Array.from({ length: 24 }, (_, i) => atMs - (20 - i) * intervalMs - phase);
  };
  const common = { job, namespace, control_plane_ns: 'linkerd', tls: 'true' };
  const web = scrapes();
  const histories: History[] = [];
  for (let pod = 0; pod < PODS; pod++) {
    const own = scrapes();
    const resets = pod === 0 && world.restartMs !== undefined ? [world.restartMs] : [];
    const answered = world.asked.filter((one) => one.pod === pod);
    const outbound = {
      ...common,
      pod: 'web-0',
      deployment: 'web',
      direction: 'outbound',
      authority: `cart.${namespace}.svc.cluster.local`,
      dst_deployment: 'cart',
      dst_pod: `cart-${pod}`,
    };
    const inbound = { ...common, pod: `cart-${pod}`, deployment: 'cart', direction: 'inbound' };
    const onward = {
      ...common,
      pod: `cart-${pod}`,
      deployment: 'cart',
      direction: 'outbound',
      authority: `db.${namespace}.svc.cluster.local`,
      dst_deployment: 'db',
      dst_pod: 'db-0',
    };
    histories.push(
      ...familiesOf(answered, outbound).map((family) => ({ ...family, scrapes: web })),
      ...[inbound, onward].flatMap((labels) =>
        familiesOf(answered, labels).map((family) => ({ ...family, scrapes: own, resets })),
      ),
    );
  }
  return histories;
}

function familiesOf(asked: readonly Asked[], labels: Record<string, string>): Omit<History, 'scrapes' | 'resets'>[] {
  const events = (some: readonly Asked[]) => some.flatMap((one) => Array<number>(one.attempts ?? 1).fill(one.endMs));
  const statuses = [...new Set(asked.map((one) => one.status))];
  return [
    { name: 'request_total', labels, events: events(asked) },
    ...statuses.map((status) => ({
      name: 'response_total',
      labels: { ...labels, status_code: String(status), classification: status >= 500 ? 'failure' : 'success' },
      events: events(asked.filter((one) => one.status === status)),
    })),
    ...[...LE, Number.POSITIVE_INFINITY].map((le) => ({
      name: 'response_latency_ms_bucket',
      labels: { ...labels, le: Number.isFinite(le) ? `${le}.0` : '+Inf' },
      events: events(asked.filter((one) => Math.floor(one.latencyMs) <= le)),
      siblings: events(asked),
    })),
  ];
}

/** With one request more, to someone else, with which traffic ends. */
export function journalsOf({ namespace, asked, atMs }: World): TruthJournal[] {
  const made = asked.map(
    ({ endMs, latencyMs, status, pod }): MadeRequest => ({
      callee: `${namespace}/cart`,
      method: 'GET',
      route: '/',
      startMs: endMs - latencyMs,
      firstByteMs: endMs,
      endMs,
      outcome: 'completed',
      status,
      pod: `cart-${pod}`,
      meshError: '',
      grpc: null,
    }),
  );
  const last = { ...made[0]!, callee: `${namespace}/other`, startMs: atMs - 1, endMs: atMs };
  const nothing = { served: [], accepted: [], connected: [], endMs: null };
  return [
    { workload: `${namespace}/web`, pod: 'web-0', incarnation: 'a', startMs: 0, ...nothing, made: [...made, last] },
  ];
}

/** Requests at a constant rate in (fromMs, untilMs], to a pod that is drawn. */
export function steady(
  ratePerSecond: number,
  fromMs: number,
  untilMs: number,
  random: Random,
  change: Partial<Asked> = {},
): Asked[] {
  const count = Math.round(((untilMs - fromMs) * ratePerSecond) / 1000);
  return Array.from({ length: count }, (_, i) => ({
    endMs: Math.round(fromMs + ((i + 1) * (untilMs - fromMs)) / count),
    latencyMs: 3,
    status: 200,
    pod: random.int(0, PODS - 1),
    ...change,
  }));
}
