import { describe, expect, it } from 'vitest';
import { CONTROL_PLANE, FROM_CLIENT, Sim, WEB, WEB_POD } from './testing/sim.ts';

describe('connections', () => {
  it('count opens, open ones, bytes and closes by errno', () => {
    const sim = new Sim();
    const [one, two] = [sim.telemetry.outboundDstTcp(WEB_POD), sim.telemetry.outboundDstTcp({ ...WEB_POD })];
    one.read(100);
    two.read(11);
    two.write(7);
    expect(sim.read('tcp_', 'peer')).toEqual({
      'tcp_open_total{peer="dst"}': 2,
      'tcp_open_connections{peer="dst"}': 2,
      'tcp_read_bytes_total{peer="dst"}': 111,
      'tcp_write_bytes_total{peer="dst"}': 7,
    });
    one.close('');
    two.close('ECONNRESET');
    two.close('');
    two.read(1000);
    expect(sim.read('tcp_', 'errno')).toEqual({
      tcp_open_total: 2,
      tcp_open_connections: 0,
      tcp_read_bytes_total: 111,
      tcp_write_bytes_total: 7,
      'tcp_close_total{errno=""}': 1,
      'tcp_close_total{errno="ECONNRESET"}': 1,
    });
  });

  it('count the transfer cost of outbound peers by zone, seeded when the peer is first met', () => {
    const sim = new Sim();
    const one = sim.telemetry.outboundDstTcp(WEB_POD);
    expect(sim.read('outbound_tcp_transfer', 'op', 'zone_locality')).toEqual({
      'outbound_tcp_transfer_cost_bytes_total{op="Recv",zone_locality="Local"}': 0,
      'outbound_tcp_transfer_cost_bytes_total{op="Send",zone_locality="Local"}': 0,
    });
    one.write(5);
    one.read(6);
    sim.telemetry.outboundDstTcp({ ...WEB_POD, dst: [] }).read(1);
    sim.telemetry.outboundDstTcp({ ...WEB_POD, dst: [['dst_zone_locality', 'remote']] }).write(2);
    expect(sim.read('outbound_tcp_transfer', 'op', 'zone_locality')).toEqual({
      'outbound_tcp_transfer_cost_bytes_total{op="Recv",zone_locality="Local"}': 6,
      'outbound_tcp_transfer_cost_bytes_total{op="Send",zone_locality="Local"}': 5,
      'outbound_tcp_transfer_cost_bytes_total{op="Recv",zone_locality="Unknown"}': 1,
      'outbound_tcp_transfer_cost_bytes_total{op="Send",zone_locality="Unknown"}': 0,
      'outbound_tcp_transfer_cost_bytes_total{op="Recv",zone_locality="Remote"}': 0,
      'outbound_tcp_transfer_cost_bytes_total{op="Send",zone_locality="Remote"}': 2,
    });
  });

  it("stand in for the pod's network bytes when nothing better is known, and never fall", () => {
    const sim = new Sim();
    const one = sim.telemetry.inboundDstTcp();
    one.read(10);
    one.write(20);
    one.close('');
    sim.nowMs = 3_600_000;
    sim.render();
    expect(sim.read('tcp_read')).toEqual({});
    expect(sim.read('process_network')).toEqual({
      process_network_receive_bytes_total: 10,
      process_network_transmit_bytes_total: 20,
    });
  });

  it('count protocol detection with all results seeded, and outbound connections by protocol', () => {
    const sim = new Sim();
    sim.telemetry.inboundDetected(8080, 'http/2', 0.00001);
    sim.telemetry.outboundDetected(WEB, 'read_timeout', 10);
    const results = (prefix: string) => Object.values(sim.read(prefix, 'result')).toSorted();
    expect(results('inbound_tcp_detect_http_results_total')).toEqual([0, 0, 0, 0, 1]);
    expect(results('outbound_tcp_detect_http_results_total')).toEqual([0, 0, 0, 0, 1]);
    expect(sim.read('outbound_tcp_detect_http_duration_seconds_sum')).toEqual({
      outbound_tcp_detect_http_duration_seconds_sum: 10,
    });
    expect(sim.read('outbound_tcp_protocol_connections_total', 'protocol', 'parent_name')).toEqual({
      'outbound_tcp_protocol_connections_total{protocol="detect",parent_name="web"}': 1,
    });
  });

  it('count as what their Service says they are, when nothing is detected', () => {
    const sim = new Sim();
    for (const protocol of ['opaq', 'http/2', 'opaq'] as const) sim.telemetry.outboundProtocol(WEB, protocol);
    expect(sim.read('outbound_tcp_', 'protocol', 'parent_name')).toEqual({
      'outbound_tcp_protocol_connections_total{protocol="opaq",parent_name="web"}': 2,
      'outbound_tcp_protocol_connections_total{protocol="http/2",parent_name="web"}': 1,
    });
  });

  it('count transport headers', () => {
    const sim = new Sim();
    sim.telemetry.transportHeader('http/2', 8080, 'a.b');
    sim.telemetry.transportHeader('http/2', 8080, 'a.b');
    const labels = ['session_protocol', 'target_port', 'target_name', 'client_id'];
    expect(sim.read('inbound_tcp_transport_header', ...labels)).toEqual({
      'inbound_tcp_transport_header_connections_total{session_protocol="http/2",target_port="8080",target_name="",client_id="a.b"}': 2,
    });
  });

  it('count opaque ones on the route that their Service has for them', () => {
    const sim = new Sim();
    const closed = sim.telemetry.outboundOpaque(WEB, 2);
    closed('forbidden');
    expect(sim.read('outbound_tcp_route_', 'error', 'route_name')).toMatchObject({
      'outbound_tcp_route_open_total{route_name="opaq"}': 1,
      'outbound_tcp_route_close_total{error="",route_name="opaq"}': 0,
      'outbound_tcp_route_close_total{error="forbidden",route_name="opaq"}': 1,
    });
    expect(sim.read('outbound_tcp_balancer_endpoints', 'endpoint_state', 'logical')).toEqual({
      'outbound_tcp_balancer_endpoints{endpoint_state="ready",logical="web.shop.svc.cluster.local:80"}': 2,
      'outbound_tcp_balancer_endpoints{endpoint_state="pending",logical="web.shop.svc.cluster.local:80"}': 0,
    });
    sim.telemetry.inboundTcpAuthorized('10.244.0.7', 8080, FROM_CLIENT.tls, 'terminate');
    sim.telemetry.inboundTcpError('10.244.0.7', 4143, 'tls detection timeout');
    sim.telemetry.outboundTcpError('10.244.0.8', 80, 'i/o');
    expect(sim.read('inbound_tcp_authz_terminate', 'client_id')).toEqual({
      [`inbound_tcp_authz_terminate_total{client_id="${FROM_CLIENT.tls.tls === 'true' ? FROM_CLIENT.tls.clientId : ''}"}`]: 1,
    });
    expect(sim.read('inbound_tcp_errors', 'error', 'target_addr')).toEqual({
      'inbound_tcp_errors_total{error="tls detection timeout",target_addr="10.244.0.7:4143"}': 1,
    });
    expect(sim.read('outbound_tcp_errors', 'error')).toEqual({ 'outbound_tcp_errors_total{error="i/o"}': 1 });
  });
});

describe('balancers', () => {
  it('reset their pool with the first update, then count each endpoint', () => {
    const sim = new Sim();
    sim.telemetry.balancerEndpoints(WEB, { ready: 1, pending: 1, added: 2, removed: 0 });
    sim.telemetry.balancerEndpoints(WEB, { ready: 2, pending: 0, added: 3, removed: 1 });
    expect(sim.read('outbound_http_balancer_', 'op', 'endpoint_state')).toMatchObject({
      'outbound_http_balancer_p2c_updates_total{op="Reset"}': 1,
      'outbound_http_balancer_p2c_updates_total{op="Add"}': 3,
      'outbound_http_balancer_p2c_updates_total{op="Remove"}': 1,
      'outbound_http_balancer_endpoints{endpoint_state="ready"}': 2,
      'outbound_http_balancer_endpoints{endpoint_state="pending"}': 0,
      outbound_http_balancer_p2c_endpoints: 2,
      outbound_http_balancer_queue_gate_timeout_seconds: 3,
      outbound_http_balancer_queue_gate_open_total: 1,
      outbound_http_balancer_queue_gate_shut_total: 0,
    });
  });

  it('count changes of the gate only, and clear the time of the other state', () => {
    const sim = new Sim();
    const gate = () => sim.read('outbound_http_balancer_queue_gate');
    sim.telemetry.balancerGate(WEB, 'open', 5);
    sim.telemetry.balancerGate(WEB, 'shut', 6);
    sim.telemetry.balancerGate(WEB, 'shut', 7);
    expect(gate()).toMatchObject({
      outbound_http_balancer_queue_gate_open_total: 1,
      outbound_http_balancer_queue_gate_shut_total: 1,
      outbound_http_balancer_queue_gate_open_time_seconds: 0,
      outbound_http_balancer_queue_gate_shut_time_seconds: 6,
    });
    sim.telemetry.balancerGate(WEB, 'open', 8);
    expect(gate()).toMatchObject({
      outbound_http_balancer_queue_gate_open_total: 2,
      outbound_http_balancer_queue_gate_open_time_seconds: 8,
      outbound_http_balancer_queue_gate_shut_time_seconds: 0,
    });
  });

  it('leave zeroes when their pool is dropped, and begin anew', () => {
    const sim = new Sim();
    const update = { ready: 1, pending: 0, added: 1, removed: 0 };
    sim.telemetry.balancerEndpoints(WEB, update);
    sim.telemetry.balancerDropped(WEB);
    expect(Object.values(sim.read('outbound_http_balancer_endpoints', 'endpoint_state'))).toEqual([0, 0]);
    expect(sim.read('stack_drop_total', 'direction', 'protocol', 'name')).toMatchObject({
      'stack_drop_total{direction="outbound",protocol="http",name="balance"}': 1,
      'stack_drop_total{direction="outbound",protocol="http",name="endpoint"}': 1,
    });
    sim.telemetry.balancerEndpoints(WEB, update);
    expect(sim.read('outbound_http_balancer_', 'op')).toMatchObject({
      'outbound_http_balancer_p2c_updates_total{op="Reset"}': 2,
      outbound_http_balancer_queue_gate_open_total: 2,
    });
  });

  it('count requests with the time they waited', () => {
    const sim = new Sim();
    sim.telemetry.balancerQueued(WEB, 0.2);
    expect(sim.read('outbound_http_balancer_queue', 'le')).toMatchObject({
      outbound_http_balancer_queue_requests_total: 1,
      'outbound_http_balancer_queue_latency_seconds_bucket{le="0.05"}': 0,
      'outbound_http_balancer_queue_latency_seconds_bucket{le="0.5"}': 1,
      outbound_http_balancer_queue_length: 0,
    });
  });
});

describe('control clients', () => {
  it('are all there at start, at zero', () => {
    const sim = new Sim();
    const addr = Object.values(CONTROL_PLANE).flatMap((c) => (typeof c === 'string' ? [] : [c.addr]));
    expect(sim.read('control_request_total', 'addr')).toEqual(
      Object.fromEntries(addr.map((a) => [`control_request_total{addr="${a}"}`, 0])),
    );
    expect(sim.read('control_response')).toEqual({});
    expect(Object.values(sim.read('control_dns_resolutions_total', 'client', 'record_type', 'result'))).toEqual(
      new Array(16).fill(0),
    );
    expect(sim.read('control_identity_cert', 'result')).toEqual({
      control_identity_cert_expiration_timestamp_seconds: 0,
      control_identity_cert_refresh_timestamp_seconds: 0,
      'control_identity_cert_refreshes_total{result="ok"}': 0,
      'control_identity_cert_refreshes_total{result="error"}': 0,
    });
    expect(sim.read('control_policy_balancer_queue_gate')).toEqual({
      control_policy_balancer_queue_gate_open_total: 1,
      control_policy_balancer_queue_gate_shut_total: 0,
      control_policy_balancer_queue_gate_open_time_seconds: 1_700_000_000,
      control_policy_balancer_queue_gate_shut_time_seconds: 0,
      control_policy_balancer_queue_gate_timeout_seconds: 30,
    });
  });

  it('count requests, latencies and ends; the identity client goes when it has its answer', () => {
    const sim = new Sim();
    for (const kind of ['connected', 'request'] as const) sim.telemetry.control('identity', { kind });
    sim.telemetry.control('identity', { kind: 'latency', ms: 12.7 });
    expect(sim.read('control_response_total')).toEqual({});
    sim.telemetry.control('identity', { kind: 'response', grpcStatus: '0' });
    expect(sim.read('control_response_total', 'status_code', 'classification', 'grpc_status')).toEqual({
      'control_response_total{status_code="200",classification="success",grpc_status="0"}': 1,
    });
    expect(sim.read('control_response_latency_ms_sum')).toEqual({ control_response_latency_ms_sum: 12 });
    expect(sim.read('control_identity_balancer_p2c')).toMatchObject({ control_identity_balancer_p2c_endpoints: 0 });
    sim.telemetry.control('policy', { kind: 'response', grpcStatus: null });
    sim.telemetry.control('policy', { kind: 'error', error: 'unclassified' });
    expect(sim.read('control_response_total', 'status_code', 'classification', 'grpc_status', 'error')).toMatchObject({
      'control_response_total{status_code="200",classification="success",grpc_status="2",error=""}': 1,
      'control_response_total{classification="failure",grpc_status="",error="unclassified"}': 1,
    });
  });

  it('look names up again every 30 s', () => {
    const sim = new Sim();
    sim.telemetry.control('identity', { kind: 'connected' });
    sim.telemetry.control('policy', { kind: 'connected' });
    const found = (client: string) =>
      sim.read('control_dns_resolutions_total', 'client', 'record_type', 'result')[
        `control_dns_resolutions_total{client="${client}",record_type="SRV",result="ok"}`
      ];
    const all = () => ['identity', 'destination', 'policy'].map(found);
    expect(all()).toEqual([1, 0, 1]);
    sim.nowMs = 31_000;
    expect(all()).toEqual([2, 0, 2]);
    sim.nowMs = 229_000;
    expect(all()).toEqual([2, 0, 8]);
  });

  it('show the certificate, and a failed refresh only as a count', () => {
    const sim = new Sim();
    sim.telemetry.certificate('ok', 1_700_086_420, 1_700_000_000.25);
    sim.telemetry.certificate('error', 0, 0);
    expect(sim.render()).toContain('\ncontrol_identity_cert_expiration_timestamp_seconds 1700086420.0\n');
    expect(sim.render()).toContain('\ncontrol_identity_cert_refresh_timestamp_seconds 1700000000.25\n');
    expect(sim.read('control_identity_cert_refreshes_total', 'result')).toEqual({
      'control_identity_cert_refreshes_total{result="ok"}': 1,
      'control_identity_cert_refreshes_total{result="error"}': 1,
    });
  });
});

describe('the process', () => {
  it('shows its clocks as the proxy does', () => {
    const sim = new Sim();
    sim.nowMs = 1500.25;
    const page = sim.render();
    expect(page).toContain('\nprocess_start_time_seconds 1700000000.0\n');
    expect(page).toContain('\nprocess_clock_time_seconds 1700000001.0\n');
    expect(page).toContain('\nprocess_uptime_seconds_total 1.50025\n');
    expect(page).toContain('\nprocess_network_receive_bytes_total 0.0\n');
    expect(page).toContain('\nprocess_open_fds 26\n');
  });

  it('counts the polls of stacks by what went through them', () => {
    const sim = new Sim();
    sim.telemetry.outboundRoute(WEB, false, 0).dispatch(0);
    sim.telemetry.outboundEndpoint(WEB, WEB_POD, false, 0).dispatch(0);
    sim.telemetry.inboundExchange(FROM_CLIENT, false, 0).dispatch(0);
    const ready = sim.read('stack_poll_total', 'direction', 'protocol', 'name', 'ready');
    const of = (direction: string, name: string) =>
      ready[`stack_poll_total{direction="${direction}",protocol="http",name="${name}",ready="true"}`];
    expect([of('inbound', 'logical'), of('outbound', 'balance'), of('outbound', 'endpoint')]).toEqual([1, 1, 3]);
    expect(Object.keys(ready).filter((key) => key.startsWith('stack_poll_total{'))).toHaveLength(30);
  });
});
