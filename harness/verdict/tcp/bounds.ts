import type { Bound, Interval, Reading } from '../bounds.ts';
import { Steps, WeightedSteps } from '../steps.ts';
import { isWhole, wasOpen } from './connections.ts';
import type { TcpScope } from './scope.ts';

/**
 * What the tcp_* counters must show. A connection passes these moments in this order: the caller is about to connect, its
 * proxy takes it, the callee's proxy takes it, the callee accepts it; both ends close it. Each byte is written by one end,
 * counted by both proxies, read by the other. Hence
 *
 *     ended with an answer by t, or accepted by the callee by t  <=  tcp_open_total(t)  <=  about to connect by u
 *     read by the far end of connections closed by t  <=  bytes(t)  <=  written by the near end of those begun by u
 *
 * and when everything has come to its end both sides meet. Bytes are those of the app: neither TLS nor the transport header
 * is counted (harness/mesh/proxy/tcp/README.md).
 */
export type TcpMeasure = 'open' | 'close' | 'current' | 'up' | 'down' | 'denied';

export function tcpBound(scope: TcpScope, measure: TcpMeasure): Bound {
  switch (measure) {
    case 'open':
      return openBound(scope);
    case 'close':
      return closeBound(scope);
    case 'current':
      return currentBound(scope);
    case 'denied':
      return deniedBound(scope);
    case 'up':
      return upBound(scope);
    case 'down':
      return downBound(scope);
  }
}

function openBound(scope: TcpScope): Bound {
  const { layer, mine, perhaps, accepted, nameless } = scope;
  const begun = Steps.of([...mine, ...perhaps].filter(wasOpen), (c) => c.connection.openMs);
  const strange = nameless.length;
  if (atCallee(scope)) {
    // The app may accept before its proxy has heard that the connection stands, but hears nothing before that.
    const heard = accepted.filter((a) => a.connection.outcome === 'closed' && a.connection.readBytes > 0);
    const taken =
      layer === 'server'
        ? Steps.of(accepted, (a) => a.connection.openMs)
        : Steps.of(heard, (a) => a.connection.closeMs);
    // One incarnation of the callee: what its callers began may have gone to another.
    const atMost = accepted.length + strange + (layer === 'app' ? 0 : unanswered(scope));
    const unnamed = layer === 'app' ? accepted.filter((a) => a.connection.caller === '-').length : 0;
    return ({ fromMs, untilMs, settled }) =>
      settled
        ? { low: accepted.length, high: atMost }
        : { low: taken.at(fromMs), high: begun.at(untilMs) + strange + unnamed };
  }
  const ended = Steps.of(mine.filter(layer === 'client' ? wasOpen : isWhole), (c) => c.connection.closeMs);
  const settledLow = layer === 'client' ? begun.total : reached(scope);
  return ({ fromMs, untilMs, settled }) =>
    settled
      ? { low: settledLow, high: Math.max(settledLow, begun.total) }
      : { low: ended.at(fromMs), high: begun.at(untilMs) };
}

function atCallee({ layer }: TcpScope): boolean {
  return layer === 'server' || layer === 'app';
}

/** Connections of one caller that certainly came to the scope's pod. */
function reached({ mine, accepted, exclusive }: TcpScope): number {
  const answered = mine.filter((c) => c.pod !== '').length;
  return exclusive ? Math.max(answered, accepted.length) : answered;
}

/** Connections whose callee never said its name: its proxy may have taken them and its app not. */
function unanswered({ mine, perhaps }: TcpScope): number {
  return [...mine, ...perhaps].filter((c) => c.pod === '' && wasOpen(c)).length;
}

function closeBound(scope: TcpScope): Bound {
  const open = openBound(scope);
  const lasting = still(scope);
  return (reading) => {
    const { low, high } = open(reading);
    // Proxies hear of the end a moment after both ends have: only a page after the last movement shows all of it.
    return reading.settled ? { low: Math.max(0, low - lasting), high: Math.max(0, high - lasting) } : { low: 0, high };
  };
}

function currentBound(scope: TcpScope): Bound {
  const open = openBound(scope);
  const lasting = still(scope);
  return (reading: Reading): Interval =>
    reading.settled ? { low: lasting, high: lasting } : { low: 0, high: open(reading).high };
}

/** Refused by policy: the caller's connection stood and was closed again, and no app has seen it. */
function deniedBound(scope: TcpScope): Bound {
  const high = unanswered(scope);
  return () => ({ low: 0, high });
}

/** Connections that nobody had closed when the journals were read. */
function still(scope: TcpScope): number {
  const list = atCallee(scope) ? scope.accepted : scope.mine;
  return list.filter(({ connection }) => connection.closeMs === null).length;
}

/** From the caller to the callee. */
function upBound(scope: TcpScope): Bound {
  const { mine, perhaps, accepted, nameless } = scope;
  const written = bytes([...mine, ...perhaps], (c) => [c.connection.openMs, c.connection.writtenBytes]);
  // An answer that came shows that all of the request had been read.
  const answered = bytes(mine.filter(isWhole), (c) => [c.connection.closeMs, c.connection.writtenBytes]);
  const read = bytes(accepted, (a) => [a.connection.closeMs, a.connection.readBytes]);
  const unnamed = [...nameless, ...accepted.filter((a) => a.connection.caller === '-')];
  const strange = unnamed.reduce((sum, a) => sum + a.connection.readBytes, 0);
  const low = atCallee(scope) ? read : answered;
  return ({ fromMs, untilMs }) => ({ low: low.at(fromMs).sum, high: written.at(untilMs).sum + strange });
}

/** From the callee to the caller. */
function downBound(scope: TcpScope): Bound {
  const { mine, perhaps, accepted, nameless, exclusive } = scope;
  const callee = atCallee(scope);
  const read = bytes(mine, (c) => [c.connection.closeMs, c.connection.readBytes]);
  const written = bytes([...accepted, ...nameless], (a) => [a.connection.openMs, a.connection.writtenBytes]);
  // Whoever closed in order has read all there was; `written` may be of other pods of the caller as well.
  const own = bytes(mine, (c) => [c.connection.openMs, c.connection.readBytes]);
  const byOwn = !callee && !exclusive && perhaps.length === 0 && mine.every(isWhole);
  return ({ fromMs, untilMs }) => ({
    low: callee && !alone(scope) ? 0 : read.at(fromMs).sum,
    high: byOwn ? own.at(untilMs).sum : written.at(untilMs).sum,
  });
}

/** All that the callers have read came from this incarnation. */
function alone({ mine, accepted }: TcpScope): boolean {
  return accepted.length >= mine.filter((c) => c.pod !== '').length;
}

function bytes<T>(list: readonly T[], of: (item: T) => [t: number | null, bytes: number]): WeightedSteps {
  const events: { t: number; weight: number }[] = [];
  for (const item of list) {
    const [t, weight] = of(item);
    if (t !== null) events.push({ t, weight });
  }
  return new WeightedSteps(events);
}
