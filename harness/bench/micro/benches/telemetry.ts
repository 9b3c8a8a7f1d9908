import { FROM_CLIENT, Sim, WEB, WEB_POD } from '../../../mesh/telemetry/testing/sim.ts';
import type { Exchange, InboundTarget } from '../../../mesh/telemetry/types.ts';
import type { Bench } from '../types.ts';

/** What telemetry costs on the data path of the simulated sidecars, and what their page does. */
export const TELEMETRY: readonly Bench[] = [
  { name: 'telemetry: a request through three layers', unit: 'request', setUp: exchanges },
  { name: 'telemetry: a page is rendered', unit: 'series', setUp: rendering },
];

/** One page of about 1,000 series. */
const CLIENTS = 24;
const REQUESTS = 100;

function exchanges() {
  const { telemetry } = new Sim();
  let nowMs = 0;
  return {
    unitsPerRun: REQUESTS,
    run() {
      for (let i = 0; i < REQUESTS; i++) {
        nowMs++;
        pass(telemetry.outboundRoute(WEB, true, nowMs), nowMs);
        pass(telemetry.outboundEndpoint(WEB, WEB_POD, true, nowMs), nowMs);
        pass(telemetry.inboundExchange(FROM_CLIENT, true, nowMs), nowMs);
      }
    },
  };
}

/** The events of one request through one layer, body and response frames included. */
function pass(exchange: Exchange, nowMs: number): void {
  exchange.dispatch(nowMs);
  exchange.requestFrame(100, nowMs);
  exchange.requestEnd(nowMs);
  exchange.head(200, nowMs + 3);
  exchange.responseFrame(1000, nowMs + 3);
  exchange.responseFrame(200, nowMs + 4);
  exchange.complete(nowMs + 5);
}

function rendering() {
  const sim = proxyWithManyClients();
  // The text is a rope until its bytes are asked for, as the admin server does.
  return { unitsPerRun: seriesOf(sim.render()), run: () => Buffer.from(sim.render()) };
}

export function proxyWithManyClients(): Sim {
  const sim = new Sim();
  for (let client = 0; client < CLIENTS; client++) {
    const target: InboundTarget = { ...FROM_CLIENT, tls: { tls: 'true', clientId: `client-${client}.shop` } };
    pass(sim.telemetry.inboundExchange(target, true, 0), 0);
  }
  return sim;
}

export function seriesOf(page: string): number {
  return page.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}
