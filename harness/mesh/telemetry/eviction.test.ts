import { describe, expect, it } from 'vitest';
import { FROM_CLIENT, Sim, WEB, WEB_POD } from './testing/sim.ts';
import type { Exchange } from './types.ts';

const MINUTE = 60_000;

function served(exchange: Exchange, nowMs: number): void {
  exchange.dispatch(nowMs);
  exchange.head(200, nowMs + 5);
  exchange.responseFrame(10, nowMs + 5);
  exchange.complete(nowMs + 5);
}

const LEGACY = ['request_total', 'response_total', 'response_latency_ms_count'];
const shown = (page: string) => LEGACY.filter((name) => page.includes(`\n${name}{`));

describe('eviction', () => {
  it('prints a label set that is idle for more than ten minutes once more, then drops it', () => {
    const sim = new Sim();
    served(sim.telemetry.inboundExchange(FROM_CLIENT, false, 0), 0);
    served(sim.telemetry.outboundEndpoint(WEB, WEB_POD, false, 0), 0);
    sim.nowMs = 10 * MINUTE + 5;
    expect(shown(sim.render())).toEqual(LEGACY);
    expect(shown(sim.render())).toEqual(LEGACY);
    sim.nowMs++;
    expect(shown(sim.render())).toEqual(LEGACY);
    expect(shown(sim.render())).toEqual([]);
    expect(sim.render()).not.toContain('# HELP request_total');
  });

  it('keeps what a scrape finds before the ten minutes are over', () => {
    const sim = new Sim();
    served(sim.telemetry.inboundExchange(FROM_CLIENT, false, 0), 0);
    sim.nowMs = 9 * MINUTE;
    served(sim.telemetry.inboundExchange(FROM_CLIENT, false, sim.nowMs), sim.nowMs);
    sim.nowMs = 18 * MINUTE;
    sim.render();
    expect(sim.read('response_total')).toEqual({ response_total: 2 });
  });

  it('may be told to forget sooner, inbound after the minute and a half for which stacks are kept', () => {
    let retainIdleMs: number | undefined = 1000;
    const sim = new Sim(undefined, undefined, { retainIdleMs: () => retainIdleMs });
    served(sim.telemetry.inboundExchange(FROM_CLIENT, false, 0), 0);
    served(sim.telemetry.outboundEndpoint(WEB, WEB_POD, false, 0), 0);
    const directions = () => [...new Set(sim.render().match(/(?<=\nrequest_total\{direction=")\w+/g))];
    sim.nowMs = 1500;
    expect(directions().sort()).toEqual(['inbound', 'outbound']);
    expect(directions()).toEqual(['inbound']);
    sim.nowMs = 90_000;
    directions();
    expect(directions()).toEqual(['inbound']);
    sim.nowMs = 90_010;
    directions();
    expect(directions()).toEqual([]);
    retainIdleMs = undefined;
    served(sim.telemetry.outboundEndpoint(WEB, WEB_POD, false, sim.nowMs), sim.nowMs);
    sim.nowMs += 2000;
    sim.render();
    expect(directions()).toEqual(['outbound']);
  });

  it('starts at zero when the label set comes back', () => {
    const sim = new Sim();
    for (let i = 0; i < 3; i++) served(sim.telemetry.inboundExchange(FROM_CLIENT, false, 0), 0);
    sim.nowMs = 11 * MINUTE;
    sim.render();
    const again = sim.telemetry.inboundExchange(FROM_CLIENT, false, sim.nowMs);
    again.dispatch(sim.nowMs);
    expect(sim.read('request_total')).toEqual({ request_total: 1 });
    expect(sim.read('response_total')).toEqual({});
    again.head(200, sim.nowMs);
    again.complete(sim.nowMs);
    expect(sim.read('response_total')).toEqual({ response_total: 1 });
    expect(sim.read('response_latency_ms_count')).toEqual({ response_latency_ms_count: 1 });
  });

  it('keeps a label set while a request is in flight or a connection is open', () => {
    const sim = new Sim();
    const open = sim.telemetry.outboundEndpoint(WEB, WEB_POD, false, 0);
    open.dispatch(0);
    served(sim.telemetry.inboundExchange(FROM_CLIENT, false, 0), 0);
    const connection = sim.telemetry.inboundSrcTcp(FROM_CLIENT.ip, FROM_CLIENT.port, FROM_CLIENT.tls);
    sim.nowMs = 30 * MINUTE;
    sim.render();
    expect(sim.read('request_total', 'direction')).toEqual({
      'request_total{direction="outbound"}': 1,
      'request_total{direction="inbound"}': 1,
    });
    open.cancel(sim.nowMs);
    connection.close('');
    sim.render();
    expect(sim.read('request_total', 'direction')).toEqual({});
  });

  it('drops closed connections, but not open ones', () => {
    const sim = new Sim();
    sim.telemetry.inboundDstTcp().close('ECONNRESET');
    sim.telemetry.outboundSrcTcp('10.96.1.1', 80);
    sim.nowMs = 11 * MINUTE;
    expect(sim.read('tcp_close_total', 'errno')).toEqual({ 'tcp_close_total{errno="ECONNRESET"}': 1 });
    expect(sim.read('tcp_open_total', 'direction')).toEqual({ 'tcp_open_total{direction="outbound"}': 1 });
    expect(sim.read('tcp_close_total')).toEqual({});
    sim.telemetry.inboundDstTcp();
    expect(sim.read('tcp_open_total', 'direction')).toEqual({
      'tcp_open_total{direction="outbound"}': 1,
      'tcp_open_total{direction="inbound"}': 1,
    });
  });

  it('never drops authorizations, errors, stacks, control clients and what the registry prints', () => {
    const sim = new Sim();
    served(sim.telemetry.inboundExchange(FROM_CLIENT, false, 0), 0);
    const failed = sim.telemetry.outboundRoute(WEB, false, 0);
    failed.dispatch(0);
    failed.fail({ response: 'unclassified', proxy: 'unexpected', route: 'UNKNOWN' }, 0);
    sim.nowMs = 60 * MINUTE;
    sim.render();
    const page = sim.render();
    for (const family of [
      'inbound_http_authz_allow_total{',
      'outbound_http_errors_total{',
      'inbound_http_statuses_total{',
      'inbound_http_request_duration_seconds_count{',
      'outbound_http_route_request_statuses_total{',
      'control_request_total{',
      'stack_create_total{',
    ]) {
      expect(page).toContain(`\n${family}`);
    }
  });
});
