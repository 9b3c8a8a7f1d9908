import { Bench } from 'tinybench';
import { FROM_CLIENT, Sim, WEB, WEB_POD } from './testing/sim.ts';
import type { Exchange, InboundTarget } from './types.ts';

/**
 * Cost of telemetry on the data path and of a rendering of about 1,000 series. Prints JSON:
 * `npx node harness/mesh/telemetry/telemetry.bench.ts`.
 */

/** Events of one request through one layer, body and response frames included. */
const EVENTS_PER_EXCHANGE = 8;

function run(exchange: Exchange, nowMs: number): void {
  exchange.dispatch(nowMs);
  exchange.requestFrame(100, nowMs);
  exchange.requestEnd(nowMs);
  exchange.head(200, nowMs + 3);
  exchange.responseFrame(1000, nowMs + 3);
  exchange.responseFrame(200, nowMs + 4);
  exchange.complete(nowMs + 5);
}

const hot = new Sim();
const connection = hot.telemetry.outboundDstTcp(WEB_POD);
let nowMs = 0;

const large = new Sim();
for (let client = 0; client < 24; client++) {
  const target: InboundTarget = { ...FROM_CLIENT, tls: { tls: 'true', clientId: `client-${client}.shop` } };
  run(large.telemetry.inboundExchange(target, true, 0), 0);
}
const series = large
  .render()
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#')).length;

const bench = new Bench({ time: 500 });
bench
  .add('exchange through three layers', () => {
    nowMs++;
    run(hot.telemetry.outboundRoute(WEB, true, nowMs), nowMs);
    run(hot.telemetry.outboundEndpoint(WEB, WEB_POD, true, nowMs), nowMs);
    run(hot.telemetry.inboundExchange(FROM_CLIENT, true, nowMs), nowMs);
  })
  .add('bytes of a connection', () => {
    connection.read(1000);
    connection.write(100);
  })
  .add('rendering', () => {
    // The text is a rope until its bytes are asked for, as the admin server does.
    Buffer.from(large.render());
  });
await bench.run();

const result = (name: string) => {
  const statistics = bench.getTask(name)?.result;
  if (statistics?.state !== 'completed') throw new Error(`benchmark "${name}" has not completed`);
  return statistics;
};
const exchange = result('exchange through three layers');
const rendering = result('rendering');
process.stdout.write(
  `${JSON.stringify(
    {
      eventsPerSecond: Math.round(exchange.throughput.mean * 3 * EVENTS_PER_EXCHANGE),
      microsecondsPerRequest: exchange.latency.p50 * 1000,
      byteEventsPerSecond: Math.round(result('bytes of a connection').throughput.mean * 2),
      rendering: { series, msP50: rendering.latency.p50, msP99: rendering.latency.p99 },
    },
    null,
    2,
  )}\n`,
);
