import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePage } from '../../core/page-parser.ts';
import { findProfile, PROFILES } from '../profiles/index.ts';
import { TWIN } from './labels.ts';
import { Page } from './page.ts';
import { FROM_CLIENT, GRPC_ROUTE, HTTP_ROUTE, Sim, TO_SERVER, WEB, WEB_POD } from './testing/sim.ts';
import type { Exchange, InboundTarget } from './types.ts';

const ALL = PROFILES.map(({ linkerdVersion }) => linkerdVersion);
const upTo = (newest: string) => ALL.slice(ALL.indexOf(newest));
const since = (oldest: string) => ALL.slice(0, ALL.indexOf(oldest) + 1);
const sim = (version: string) => new Sim(findProfile(version));
const lines = (page: string, name: string) => page.split('\n').filter((line) => line.startsWith(`${name}{`));

function answered(exchange: Exchange, status = 200): void {
  exchange.dispatch(0);
  exchange.head(status, 1);
  exchange.complete(2);
}

describe('authority of inbound requests', () => {
  const HOSTS = ['web', 'web:80', 'web.shop:8080', '10.244.0.7:8080', '[::1]:8080', ''];
  const send = (version: string) => {
    const one = sim(version);
    for (const host of HOSTS) answered(one.telemetry.inboundExchange(FROM_CLIENT, false, 0, host));
    return one;
  };

  it.each(upTo('2.17'))('is the Host as sent in %s, without port 80, and not there for addresses', (version) => {
    const one = send(version);
    for (const family of ['request_total', 'response_total', 'response_latency_ms_count']) {
      expect(one.read(family, 'authority')).toEqual({
        [family]: 3,
        [`${family}{authority="web"}`]: 2,
        [`${family}{authority="web.shop:8080"}`]: 1,
      });
    }
    expect(one.read('inbound_http_authz_allow_total', 'authority')).toEqual({ inbound_http_authz_allow_total: 6 });
    expect(one.render()).toContain('request_total{direction="inbound",authority="web",target_addr=');
  });

  it.each(since('2.18'))('is gone in %s', (version) => {
    const one = send(version);
    expect(lines(one.render(), 'request_total')).toHaveLength(1);
    expect(one.read('request_total', 'authority')).toEqual({ request_total: 6 });
  });
});

describe('hostname of outbound routes', () => {
  const send = (version: string) => {
    const one = sim(version);
    for (const host of ['web', 'web:8080', 'web.shop', '10.96.1.1', '']) {
      answered(one.telemetry.outboundRoute(WEB, false, 0, HTTP_ROUTE, true, host));
    }
    one.telemetry.outboundRetry(WEB, 'retry', HTTP_ROUTE, 'web:8080');
    one.telemetry.outboundBackends([WEB], HTTP_ROUTE);
    return one;
  };
  const STATUSES = 'outbound_http_route_request_statuses_total';
  const RETRIES = 'outbound_http_route_retry_requests_total';

  it('names the host in 2.17', () => {
    const one = send('2.17');
    expect(one.read(STATUSES, 'hostname')).toEqual({
      [`${STATUSES}{hostname="web"}`]: 2,
      [`${STATUSES}{hostname="web.shop"}`]: 1,
      [`${STATUSES}{hostname=""}`]: 2,
    });
    expect(one.read(RETRIES, 'hostname')).toEqual({ [`${RETRIES}{hostname="web"}`]: 1 });
    expect(one.read('outbound_http_route_backend_requests_total', 'hostname')).toEqual({
      outbound_http_route_backend_requests_total: 0,
    });
  });

  it.each(since('2.18'))('is empty in %s', (version) => {
    const one = send(version);
    expect(one.read(STATUSES, 'hostname')).toEqual({ [`${STATUSES}{hostname=""}`]: 5 });
    expect(one.read(RETRIES, 'hostname')).toEqual({ [`${RETRIES}{hostname=""}`]: 1 });
  });

  it('is not there in 2.16', () => {
    expect(send('2.16').read(STATUSES, 'hostname')).toEqual({ [STATUSES]: 5 });
  });
});

describe('classification', () => {
  const send = (version: string) => {
    const one = sim(version);
    answered(one.telemetry.inboundExchange(FROM_CLIENT, false, 0));
    const rpc = one.telemetry.inboundExchange(FROM_CLIENT, false, 0);
    rpc.dispatch(0);
    rpc.head(200, 1, true);
    rpc.complete(2, null);
    const failed = one.telemetry.inboundExchange(FROM_CLIENT, false, 0);
    failed.dispatch(0);
    failed.fail({ response: 'unclassified', proxy: null, route: 'UNKNOWN' }, 1);
    return one.read('response_total', 'classification', 'grpc_status', 'error');
  };

  it('has the labels that say something in 2.12, and a stream without trailers as code 0', () => {
    expect(send('2.12')).toEqual({
      'response_total{classification="success"}': 1,
      'response_total{classification="success",grpc_status="0"}': 1,
      'response_total{classification="failure",error="unclassified"}': 1,
    });
  });

  it.each(since('2.14'))('has all labels in %s, and such a stream as code 2', (version) => {
    expect(send(version)).toEqual({
      'response_total{classification="success",grpc_status="",error=""}': 1,
      'response_total{classification="success",grpc_status="2",error=""}': 1,
      'response_total{classification="failure",grpc_status="",error="unclassified"}': 1,
    });
  });
});

describe('direct traffic beside that with a transport header', () => {
  const send = (version: string, ...targets: InboundTarget[]) => {
    const one = sim(version);
    for (const target of targets) {
      answered(one.telemetry.inboundExchange(target, false, 0));
      const failed = one.telemetry.inboundExchange(target, false, 0);
      failed.dispatch(0);
      failed.fail({ response: 'unclassified', proxy: 'unexpected', route: 'UNKNOWN' }, 1);
      one.telemetry.inboundRefused(target, 'denied');
      one.telemetry.inboundRefused(target, 'no-route');
      one.telemetry.inboundRateLimited(target, 'total');
      one.telemetry.inboundSrcTcp(target.ip, target.port, target.tls).close('');
    }
    return one;
  };
  const direct = (target: InboundTarget): InboundTarget => ({ ...target, direct: true });
  /** Series that the page has more than once, by what they are called, and how often. */
  const repeated = (page: string) => {
    const counts = new Map<string, number>();
    for (const line of page.split('\n')) {
      const series = line.slice(0, line.lastIndexOf(' '));
      if (!line.startsWith('#')) counts.set(series, (counts.get(series) ?? 0) + 1);
    }
    const more = [...counts].filter(([, count]) => count > 1);
    expect(new Set(more.map(([, count]) => count))).toEqual(new Set(more.length > 0 ? [2] : []));
    return new Set(more.map(([series]) => series.replace(/(_bucket|_sum|_count)?\{.*/, '')));
  };
  const TWICE = [
    'request_total',
    'response_latency_ms',
    'response_total',
    'inbound_http_authz_allow_total',
    'inbound_http_authz_deny_total',
    'inbound_http_route_not_found_total',
    'inbound_http_local_ratelimit_total',
  ];

  it('stands twice on a page of 2.18', () => {
    for (const target of [FROM_CLIENT, TO_SERVER]) {
      const one = send('2.18', target, direct(target));
      expect(repeated(one.render())).toEqual(new Set(TWICE));
      expect(one.read('request_total', 'direction')).toEqual({ 'request_total{direction="inbound"}': 4 });
      for (const line of lines(one.render(), 'request_total')) expect(line).toMatch(/ 2$/);
    }
  });

  it.each(ALL.filter((version) => version !== '2.18'))('is counted in one series in %s', (version) => {
    const one = send(version, FROM_CLIENT, direct(FROM_CLIENT));
    expect(repeated(one.render())).toEqual(new Set());
    expect(lines(one.render(), 'request_total')).toHaveLength(1);
    expect(one.read('request_total', 'direction')).toEqual({ 'request_total{direction="inbound"}': 4 });
    // Both are evicted as one.
    one.nowMs = 1e9;
    one.render();
    expect(lines(one.render(), 'request_total')).toEqual([]);
  });

  it.each(ALL)('of one kind alone is no matter in %s', (version) => {
    const [header, plain] = [FROM_CLIENT, direct(FROM_CLIENT)].map((target) => send(version, target, target).render());
    expect(repeated(header!)).toEqual(new Set());
    expect(repeated(plain!)).toEqual(new Set());
    const noErrors = (page: string) => page.split('\n').filter((line) => !line.startsWith('inbound_http_errors_total'));
    expect(noErrors(plain!)).toEqual(noErrors(header!));
  });

  it.each(ALL)('has errors at the app port, in %s too', (version) => {
    const page = send(version, FROM_CLIENT, direct(FROM_CLIENT)).render();
    expect(lines(page, 'inbound_http_errors_total').map((line) => /target_port="(\d+)"/.exec(line)?.[1])).toEqual([
      '4143',
      '8080',
    ]);
  });
});

describe('the one encoder before 2.15', () => {
  it.each(upTo('2.14'))('counts certificates that were issued alone, and prints seconds of ms, in %s', (version) => {
    const one = sim(version);
    expect(one.read('identity_cert')).toEqual({
      identity_cert_expiration_timestamp_seconds: 0,
      identity_cert_refresh_count: 0,
    });
    one.telemetry.certificate('error', 0, 0);
    one.telemetry.certificate('ok', 1_700_086_420.75, 1_700_000_000.5);
    one.nowMs = 12_345.678;
    expect(one.read('identity_cert')).toEqual({
      identity_cert_expiration_timestamp_seconds: 1_700_086_420,
      identity_cert_refresh_count: 1,
    });
    expect(one.render()).toMatch(/^process_start_time_seconds 1700000000$/m);
    expect(one.render()).toMatch(/^process_uptime_seconds_total 12\.345\d*$/m);
    expect(one.read('process_uptime_seconds_total').process_uptime_seconds_total).toBeCloseTo(12.345, 9);
  });

  it('counts those that failed from 2.15 on', () => {
    const one = sim('2.15');
    one.telemetry.certificate('error', 0, 0);
    expect(one.read('identity_cert_refreshes', 'result')).toEqual({
      'identity_cert_refreshes_total{result="ok"}': 0,
      'identity_cert_refreshes_total{result="error"}': 1,
    });
  });

  it.each([
    ['2.12', 'git_branch="HEAD",git_sha="4e1720430",git_version="4e1720430",profile="release",rust_version="rustc'],
    ['2.14', 'version="2.210.4",git_sha="5a910be09",profile="release",date="2023-11-22T17:00:12Z",vendor="linkerd"} 1'],
    ['2.15', 'date="2024-02-16T19:40:16Z",git_sha="098dd0ded",profile="release",vendor="linkerd",version="2.221.0"} 1'],
  ])('has its own order of the build in %s', (version, labels) => {
    expect(lines(sim(version).render(), 'proxy_build_info')[0]).toContain(`proxy_build_info{${labels}`);
  });

  it('puts the state of endpoints last', () => {
    const shown = ['2.14', '2.15'].map((version) => {
      const one = sim(version);
      one.telemetry.balancerEndpoints(WEB, { ready: 1, pending: 0, added: 1, removed: 0 });
      return lines(one.render(), 'outbound_http_balancer_endpoints');
    });
    expect(shown[0]![0]).toMatch(
      /^outbound_http_balancer_endpoints\{parent_group="core",.*,endpoint_state="ready"\} 1$/,
    );
    expect(shown[1]![0]).toMatch(/^outbound_http_balancer_endpoints\{endpoint_state="ready",parent_group="core",.* 1$/);
  });

  it('has the counters of backends under the same names as the registry', () => {
    for (const version of ['2.14', '2.15']) {
      const one = sim(version);
      answered(one.telemetry.outboundBackend(WEB, false, 0, GRPC_ROUTE));
      expect(one.read('outbound_grpc_route_backend_requests', 'route_kind')).toEqual({
        'outbound_grpc_route_backend_requests_total{route_kind="GRPCRoute"}': 1,
      });
    }
  });
});

describe('zones of endpoints', () => {
  it.each(ALL)('are told by the destination controller of %s', (version) => {
    const one = sim(version);
    const dst: [string, string][] = [...WEB_POD.dst, ['dst_zone', 'a']];
    answered(one.telemetry.outboundEndpoint(WEB, { ...WEB_POD, dst }, false, 0));
    one.telemetry.outboundDstTcp({ ...WEB_POD, dst });
    const zone = upTo('2.14').includes(version) ? '' : ',dst_zone="a"';
    const locality = upTo('2.16').includes(version) ? '' : ',dst_zone_locality="local"';
    for (const family of ['request_total', 'tcp_open_total']) {
      expect(one.read(family, 'dst_namespace', 'dst_zone_locality', 'dst_zone')).toEqual({
        [`${family}{dst_namespace="shop"${locality}${zone}}`]: 1,
      });
    }
  });
});

describe('labels that a version lacks', () => {
  const NAMES = ['a', 'b', 'c', 'd'];
  const bag = fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom('', 'x', 'y'));

  it('tell no series apart: there is one for each set of the others, and nothing is lost', () => {
    fc.assert(
      fc.property(
        fc.subarray(NAMES),
        fc.array(bag, { maxLength: 30 }),
        fc.constantFrom('legacy', 'registry'),
        (labels, bags, encoder) => {
          const profile = findProfile('2.20');
          const family = profile.families.find((one) => one.encoder === encoder && one.kind === 'counter')!;
          const page = new Page({ ...profile, families: [{ ...family, name: 'one_total', labels, countedAs: 'two' }] });
          for (const one of bags) page.counter('two').with(one).value++;
          const { samples } = parsePage(page.render());
          const expected = new Map<string, number>();
          for (const one of bags) {
            const shown = JSON.stringify(labels.filter((name) => name in one).map((name) => [name, one[name]]));
            expected.set(shown, (expected.get(shown) ?? 0) + 1);
          }
          expect(
            samples.map((sample) => [JSON.stringify(Object.entries(sample.labels)), sample.value]).toSorted(),
          ).toEqual([...expected].toSorted());
        },
      ),
    );
  });

  it('but a twin stands beside the series with its labels, and goes alone', () => {
    const page = new Page(findProfile('2.18'));
    const family = page.counter('request_total');
    const one = family.with({ direction: 'inbound' });
    const twin = family.with({ direction: 'inbound', [TWIN]: 'direct' });
    expect(family.with({ [TWIN]: 'direct', direction: 'inbound' })).toBe(twin);
    one.value = 1;
    twin.value = 2;
    expect(lines(page.render(), 'request_total')).toEqual([
      'request_total{direction="inbound"} 1',
      'request_total{direction="inbound"} 2',
    ]);
    family.drop(twin);
    expect(lines(page.render(), 'request_total')).toEqual(['request_total{direction="inbound"} 1']);
  });
});
