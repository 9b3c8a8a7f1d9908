import { describe, expect, it } from 'vitest';
import { parsePage } from '../../core/page-parser.ts';
import { findProfile, PROFILES } from '../profiles/index.ts';
import { lists, MODELLED, NOT_SIMULATED } from './not-simulated.ts';
import { Page } from './page.ts';
import { everything } from './testing/everything.ts';
import { FROM_CLIENT, Sim } from './testing/sim.ts';

/** Read by linkerd-viz (metrics-api, CLI) or Linkerd's Grafana dashboards (facts, section 5), as far as they exist. */
const USED = [
  'request_total',
  'response_total',
  'response_latency_ms',
  'route_request_total',
  'route_response_total',
  'route_response_latency_ms',
  'route_actual_response_total',
  'tcp_open_connections',
  'tcp_read_bytes_total',
  'tcp_write_bytes_total',
  'tcp_close_total',
  'inbound_http_authz_allow_total',
  'inbound_http_authz_deny_total',
  'outbound_http_route_backend_response_statuses',
  'outbound_http_route_backend_response_duration_seconds',
  'outbound_http_route_request_statuses',
  'outbound_http_route_request_duration_seconds',
  'outbound_http_route_retry_requests',
  'outbound_grpc_route_backend_response_statuses',
  'outbound_grpc_route_backend_response_duration_seconds',
  'outbound_grpc_route_request_statuses',
  'outbound_grpc_route_request_duration_seconds',
  'outbound_grpc_route_retry_requests',
  'process_start_time_seconds',
  'process_cpu_seconds',
  'process_resident_memory_bytes',
];

const families = (page: string) => parsePage(page).families.map((family) => family.name);

describe.each(PROFILES)('the page of $proxyVersion', (profile) => {
  const names = profile.families.map((family) => family.name);

  it('has every family of the profile, in order, but those listed as not simulated', () => {
    const listed = names.filter((name) => lists(NOT_SIMULATED, name));
    const sampled = new Set(parsePage(everything(profile).render()).samples.map((s) => base(s.name, names)));
    expect(names.filter((name) => !sampled.has(name))).toEqual(listed);
    const printed = profile.headersOfEmptyFamilies ? names : names.filter((name) => !listed.includes(name));
    expect(families(everything(profile).render())).toEqual(printed);
  });

  it('lists nothing that dashboards, viz or scrape jobs read', () => {
    const lacking = profile.linkerdVersion < '2.16' ? /^outbound_|^process_cpu/ : /^$/;
    expect(USED.filter((name) => !names.includes(name) && !lacking.test(name))).toEqual([]);
    expect(USED.filter((name) => lists(NOT_SIMULATED, name) || lists(MODELLED, name))).toEqual([]);
  });

  it('shows its version without v', () => {
    const info = parsePage(new Sim(profile).render()).samples.find((s) => s.name === 'proxy_build_info');
    // 2.12 had none.
    expect(info?.labels.version).toBe(profile.linkerdVersion !== '2.12' ? profile.proxyVersion.slice(1) : undefined);
    expect(info?.value).toBe(1);
  });
});

it('has something for each word of what is not simulated', () => {
  const names = PROFILES.flatMap((profile) => profile.families.map((family) => family.name));
  for (const entry of [...NOT_SIMULATED, ...MODELLED]) expect(names.some((name) => lists([entry], name))).toBe(true);
});

describe('headers of families without a series', () => {
  it('are left out from v2.362, printed by the registry before', () => {
    const [recent, old] = ['v2.366.0', '2.20'].map((version) => families(new Sim(findProfile(version)).render()));
    expect(recent).not.toContain('inbound_http_requests');
    expect(old).toContain('inbound_http_requests');
    expect(old).toContain('outbound_grpc_route_retry_successes');
    expect(old).not.toContain('request_total');
    expect(old).not.toContain('inbound_http_authz_allow_total');
    expect(old?.filter((name) => recent?.includes(name))).toEqual(recent);
  });

  it('have their UNIT, and the gRPC family stands before the HTTP one', () => {
    expect(
      new Sim(findProfile('2.20')).render(),
    ).toContain(`# HELP inbound_grpc_request_frame_size_bytes Request data frame sizes.
# TYPE inbound_grpc_request_frame_size_bytes histogram
# UNIT inbound_grpc_request_frame_size_bytes bytes
# HELP inbound_http_request_frame_size_bytes Request data frame sizes.
`);
  });

  it('are printed by a legacy store for all its families once it has a label set', () => {
    const sim = new Sim();
    sim.telemetry.inboundExchange(FROM_CLIENT, false, 0).dispatch(0);
    sim.telemetry.inboundDstTcp();
    const printed = families(sim.render());
    for (const name of ['response_latency_ms', 'response_total', 'tcp_close_total']) expect(printed).toContain(name);
  });
});

describe('Page', () => {
  it('counts for a family that the version lacks, without printing it', () => {
    const page = new Page({ ...findProfile('2.20'), families: [] });
    page.counter('request_total').with({ a: 'b' }).value++;
    page.histogram('response_latency_ms').with({}).observe(1);
    expect(page.render()).toBe('# EOF\n');
  });

  it('refuses a family of another kind', () => {
    const page = new Page(findProfile('2.20'));
    expect(() => page.gauge('request_total')).toThrow(
      expect.objectContaining({
        code: 'PROFILE_KIND',
        message: "family request_total is a counter in the version's profile, not a gauge",
      }),
    );
    expect(() => page.histogram('request_total')).toThrow('not a histogram');
  });
});

describe('ServiceProfile routes', () => {
  it('count requests once, attempts each, without a latency of attempts', () => {
    const sim = new Sim();
    const dst = 'web.shop.svc.cluster.local:80';
    for (const [layer, status] of [
      ['actual', 503],
      ['actual', 200],
      ['effective', 200],
    ] as const) {
      const one = sim.telemetry.profileRoute('outbound', dst, layer === 'effective' ? 'GET /' : null, layer, false, 0);
      one.dispatch(0);
      one.head(status, 4);
      one.complete(4);
    }
    expect(sim.read('route_', 'dst', 'rt_route', 'status_code', 'classification')).toMatchObject({
      [`route_request_total{dst="${dst}",rt_route="GET /"}`]: 1,
      [`route_response_latency_ms_count{dst="${dst}",rt_route="GET /",status_code="200"}`]: 1,
      [`route_actual_request_total{dst="${dst}"}`]: 2,
      [`route_actual_response_total{dst="${dst}",status_code="503",classification="failure"}`]: 1,
      [`route_actual_response_total{dst="${dst}",status_code="200",classification="success"}`]: 1,
    });
    expect(sim.render()).not.toContain('route_actual_response_latency_ms');
  });
});

/** The family of a sample. */
function base(sample: string, names: string[]): string {
  const candidates = [sample, sample.replace(/_total$/, ''), sample.replace(/_(bucket|sum|count)$/, '')];
  return candidates.find((name) => names.includes(name)) ?? sample;
}
