import { describe, expect, it } from 'vitest';
import { Sim, WEB, WEB_POD } from '../telemetry/testing/sim.ts';
import { differences } from './testing/differences.ts';
import { eventsPage } from './testing/page.ts';
import type { Measured, MeshEvent } from './testing/types.ts';

const EVENT: MeshEvent = {
  id: 'one',
  group: 'Some',
  title: 'One event: of all',
  text: 'It happens.',
  run: async () => '200',
  saw: '200',
};
const MEASURED: Measured = {
  client: { 'response_total{status_code="200",classification="success",grpc_status="",error=""}': 1, request_total: 2 },
  server: { request_total: 1 },
};

describe('the page of events', () => {
  it('links each event and shows both sides', () => {
    const page = eventsPage([{ event: EVENT, measured: MEASURED, real: undefined }]);
    expect(page).toContain('| [One event: of all](#one-event-of-all) | 200 | 200 success | – | – | – |  |');
    expect(page).toContain('### One event: of all\n\nIt happens. The client sees: 200.\n');
    expect(page).toContain('| `request_total` | +2 | +1 |');
    expect(page).not.toContain('real client');
  });

  it('says whether a real mesh counted the same, and where not', () => {
    const tried = { version: 'edge-26.8.3', how: 'by hand' };
    const same = eventsPage([{ event: EVENT, measured: MEASURED, real: { ...tried, ...MEASURED } }]);
    expect(same).toContain('| same |');
    expect(same).toContain('| `request_total` | +2 | +1 | +2 | +1 |');
    expect(same).toContain('Real: Linkerd edge-26.8.3, by hand.');
    const server = { tcp_open_total: 1 };
    const other = eventsPage([
      { event: EVENT, measured: MEASURED, real: { ...tried, client: MEASURED.client, server } },
    ]);
    expect(other).toContain('| **differs** |');
    expect(other).toContain('| `request_total` | +2 | +1 | +2 | **–** |');
    expect(other).toContain('| `tcp_open_total` |  |  |  | **+1** |');
  });
});

describe('differences of two pages', () => {
  it('are what grew, summed over who and where, requests and connections apart', () => {
    const sim = new Sim();
    const before = sim.render();
    for (const ip of ['10.0.0.1', '10.0.0.2']) {
      const one = sim.telemetry.outboundEndpoint(WEB, { ...WEB_POD, ip }, false, 0);
      one.dispatch(0);
      one.head(200, 1);
      one.complete(1);
      sim.telemetry.outboundDstTcp({ ...WEB_POD, ip }).read(7);
    }
    sim.telemetry.outboundTcpError('10.0.0.1', 80, 'i/o');
    sim.nowMs = 5000;
    const after = sim.render();
    const requests = differences(before, after, 'requests');
    expect(requests).toMatchObject({
      request_total: 2,
      'response_latency_ms{status_code="200"}': 2,
      'response_total{status_code="200",classification="success",grpc_status="",error=""}': 2,
      'outbound_tcp_errors_total{error="i/o"}': 1,
    });
    expect(Object.keys(requests).filter((key) => /^(tcp|process|stack)_/.test(key))).toEqual([]);
    expect(differences(before, after, 'connections')).toEqual({
      'outbound_tcp_errors_total{error="i/o"}': 1,
      'tcp_open_total{peer="dst"}': 2,
    });
    expect(differences(before, after, 'bytes')).toMatchObject({ 'tcp_read_bytes_total{peer="dst"}': 14 });
    expect(differences(after, after, 'requests')).toEqual({});
  });
});
