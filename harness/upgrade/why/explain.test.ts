import { describe, expect, it } from 'vitest';
import { changesBetween } from '../../changes/index.ts';
import type { SchemaChange, SchemaDifference } from '../../result/upgrade/types.ts';
import type { QueryAnswer } from '../types.ts';
import { explainQuery, type Fared } from './explain.ts';

type Series = QueryAnswer['series'];
const NONE: Series = [];
const one = (labels: Record<string, string> = {}): Series => [{ labels, value: 1 }];

/** An answer; `parts` by their expressions. */
function answer(evaluated: string, series: Series, parts: Record<string, Series> = {}, error = ''): QueryAnswer {
  const all = Object.entries(parts).map(([expr, of]) => ({ expr, series: of, error: '' }));
  return { evaluated, series, error, parts: all };
}

const difference = (...changes: Partial<SchemaChange>[]): SchemaDifference => ({
  changes: changes.map((change) => ({
    ...{ kind: 'gone', what: 'family', subject: '', before: '', after: '', reason: '', guessed: false },
    ...change,
  })) as SchemaChange[],
  seriesPerProxy: { before: 1, after: 1 },
  bytesPerScrape: { before: 1, after: 1 },
});

function explain(
  expr: string,
  fared: Omit<Fared, 'evaluated'>,
  steps: Parameters<typeof changesBetween>[0],
  schema: SchemaDifference = difference(),
) {
  return explainQuery({ expr }, { evaluated: expr, ...fared }, { schema, changes: changesBetween(steps) });
}

/** It selected something before, and nothing after. */
function emptied(expr: string, selector: string, before: Series = one()): Omit<Fared, 'evaluated'> {
  return {
    outcome: 'now-empty',
    before: [answer(expr, one(), { [selector]: before })],
    after: [answer(expr, NONE, { [selector]: NONE })],
  };
}

const UP = { proxy: { from: '2.268.0', to: '2.294.0' }, linkerd: { from: '2.17', to: '2.18' } };

describe('why a query broke', () => {
  it('a label that is gone, with what to do instead', () => {
    const expr = 'sum by (authority) (rate(request_total{direction="inbound", authority!=""}[5m]))';
    const { reason, rewrite } = explain(expr, emptied(expr, 'request_total{direction="inbound", authority!=""}'), UP);
    expect(reason).toMatch(
      /^`authority` is no longer on inbound series since proxy v2\.277 \(Linkerd 2\.18\); instead: select the workload/,
    );
    expect(rewrite).toBeNull();
  });

  it('a label that what a silent alert filters has no more, and a pattern of names', () => {
    const selector = 'request_total{direction="inbound"}';
    const replaced = 'label_replace(request_total{direction="inbound"}, "svc", "$1", "authority", "(.*)")';
    const expr = `${replaced} > 5`;
    const said = (labels: Record<string, string>) => [
      answer(expr, NONE, { [replaced]: one(labels), [selector]: one() }),
    ];
    const outcome = 'different-labels' as const;
    const { reason } = explain(expr, { outcome, before: said({ authority: 'x', svc: 'x' }), after: said({}) }, UP);
    expect(reason).toMatch(/`authority` is no longer on inbound series since proxy v2\.277/);
    const names = '{__name__=~"request_total|response_total", direction="inbound", authority=~".+"}';
    expect(explain(names, emptied(names, names), UP).reason).toMatch(/^`authority` is no longer on inbound series/);
  });

  it('not a label that the empty value satisfies, nor one of the other direction', () => {
    const fine = 'request_total{direction="inbound", authority=""}';
    expect(explain(fine, emptied(fine, fine), UP).reason).toMatch(/^no known change explains it/);
    const outbound = 'request_total{direction="outbound", authority="x"}';
    const fared = { outcome: 'now-empty' as const, before: [answer(outbound, one())], after: [answer(outbound, NONE)] };
    expect(explain(outbound, fared, UP).reason).toBe(
      'no known change explains it: request_total{direction="outbound", authority="x"} has 1 series before and no series after',
    );
  });

  it('a family that is called otherwise, with the expression as it is then, for the variables of a dashboard, too', () => {
    const evaluated = 'identity_cert_expiration_timestamp_seconds{namespace="shop"}';
    const fared = {
      evaluated,
      outcome: 'now-empty' as const,
      before: [answer(evaluated, one())],
      after: [answer(evaluated, NONE)],
    };
    const changes = changesBetween({ proxy: { from: '2.221.0', to: '2.246.0' } });
    const query = { expr: 'identity_cert_expiration_timestamp_seconds{namespace="$namespace"}' };
    expect(explainQuery(query, fared, { schema: difference(), changes })).toEqual({
      reason:
        '`identity_cert_expiration_timestamp_seconds` is called `control_identity_cert_expiration_timestamp_seconds` since proxy v2.227 (Linkerd 2.16)',
      rewrite: 'control_identity_cert_expiration_timestamp_seconds{namespace="$namespace"}',
    });
  });

  it('nothing of a selector that selects as it did', () => {
    const expr = 'up{job="x"} + on () identity_cert_expiration_timestamp_seconds';
    const parts = (up: Series) => ({ 'up{job="x"}': up, identity_cert_expiration_timestamp_seconds: one() });
    const fared = {
      outcome: 'now-empty' as const,
      before: [answer(expr, one(), parts(one()))],
      after: [answer(expr, NONE, parts(NONE))],
    };
    expect(explain(expr, fared, { proxy: { from: '2.221.0', to: '2.246.0' } }).reason).toBe(
      'no known change explains it: up{job="x"} has 1 series before and no series after',
    );
  });

  it('targets that are lost, by the job that the series were of', () => {
    const lost = { kind: 'gone', what: 'targets', subject: 'linkerd-controller', before: 'identity' } as const;
    const fared = {
      outcome: 'now-empty' as const,
      before: [answer('issuer_cert_ttl_seconds', one({ job: 'linkerd-controller' }))],
      after: [answer('issuer_cert_ttl_seconds', NONE)],
    };
    const step = { linkerd: { from: '2.18', to: '2.19' } };
    expect(explain('issuer_cert_ttl_seconds', fared, step, difference(lost)).reason).toMatch(
      /^Prometheus scrapes identity \(job linkerd-controller\) no more: .*its targets are lost without an error; instead: set the keep rule/,
    );
    // Without a known change there is what was seen.
    expect(explain('issuer_cert_ttl_seconds', fared, {}, difference(lost)).reason).toBe(
      'Prometheus scrapes identity (job linkerd-controller) no more',
    );
  });

  it('bounds as floats since Prometheus 3, with the expression as it is then', () => {
    const expr = 'sum(rate(response_latency_ms_bucket{le="100"}[5m]))';
    const { reason, rewrite } = explain(expr, emptied(expr, 'response_latency_ms_bucket{le="100"}'), {
      prometheus: { from: '2.42.0', to: '3.15.0' },
    });
    expect(reason).toMatch(/^Prometheus stores `le` and `quantile` as floats since Prometheus 3\.0/);
    expect(rewrite).toBe('sum(rate(response_latency_ms_bucket{le="100.0"}[5m]))');
  });

  it('a function that is called otherwise', () => {
    const expr = 'holt_winters(process_open_fds[5m], 0.5, 0.5)';
    const error = 'unknown function with name "holt_winters"';
    const fared = { outcome: 'error' as const, before: [answer(expr, one())], after: [answer(expr, NONE, {}, error)] };
    const { reason, rewrite } = explain(expr, fared, { prometheus: { from: '2.42.0', to: '3.15.0' } });
    expect(reason).toMatch(/is called `double_exponential_smoothing`.*enable-feature/);
    expect(rewrite).toBe('double_exponential_smoothing(process_open_fds[5m], 0.5, 0.5)');
    expect(explain(expr, fared, {}).reason).toBe(`Prometheus says: ${error}`);
  });

  it('edges of ranges, only where its selectors still select', () => {
    const expr = 'rate(request_total[10s])';
    const steps = { prometheus: { from: '2.42.0', to: '3.15.0' } };
    const alive = {
      outcome: 'now-empty' as const,
      before: [answer(expr, one(), { request_total: one() })],
      after: [answer(expr, NONE, { request_total: one() })],
    };
    expect(explain(expr, alive, steps).reason).toMatch(/open on the left since Prometheus 3\.0/);
    expect(explain(expr, emptied(expr, 'request_total'), steps).reason).toMatch(/^no known change explains it/);
    const instant = { ...alive, before: [answer('request_total', one())], after: [answer('request_total', one())] };
    expect(explain('request_total', { ...instant, outcome: 'different-values' }, steps).reason).toMatch(
      /^no known change/,
    );
  });

  it('labels that answers have more or less', () => {
    const expr = 'inbound_http_authz_deny_total';
    const fared = {
      outcome: 'different-labels' as const,
      before: [answer(expr, one({ srv_name: 'a' }))],
      after: [answer(expr, one({ srv_name: 'a', srv_port: '80' }))],
    };
    expect(explain(expr, fared, UP).reason).toMatch(
      /^`srv_port` goes with the other `srv_\*` labels since proxy v2\.286/,
    );
    const odd = { ...fared, after: [answer(expr, one({ srv_name: 'a', colour: 'red' }))] };
    expect(explain(expr, odd, UP).reason).toBe('the label `colour` is now there, which no known change explains');
  });

  it('a meaning, only for those who ask for the label that it is about', () => {
    const step = { proxy: { from: '2.188.0', to: '2.210.4' } };
    const other = (expr: string) => ({
      outcome: 'different-values' as const,
      before: [answer(expr, one())],
      after: [answer(expr, one())],
    });
    const by = 'sum by (grpc_status) (rate(response_total[5m]))';
    expect(explain(by, other(by), step).reason).toMatch(/ends without trailers has grpc_status "2" instead of "0"/);
    const without = 'sum(rate(response_total[5m]))';
    expect(explain(without, other(without), step).reason).toBe(
      'no known change explains it: each of its selectors selects as it did',
    );
  });

  it('a rename that is guessed, and says so', () => {
    const guess = {
      kind: 'renamed',
      before: 'a_total',
      after: 'b_total',
      reason: 'both are counters',
      guessed: true,
    } as const;
    const fared = {
      outcome: 'now-empty' as const,
      before: [answer('a_total', one())],
      after: [answer('a_total', NONE)],
    };
    expect(explain('a_total', fared, {}, difference(guess))).toEqual({
      reason: '`a_total` seems to be called `b_total` now (a guess: both are counters)',
      rewrite: 'b_total',
    });
  });

  it('what only the Prometheus before refuses has its reason', () => {
    const before = [answer('up', NONE, {}, 'unexpected string')];
    expect(explain('up', { outcome: 'error', before, after: [answer('up', one())] }, {}).reason).toBe(
      'only the Prometheus before refuses it: unexpected string',
    );
  });

  it('what does not parse has the reason of Prometheus', () => {
    const fared = {
      outcome: 'error' as const,
      before: [answer('sum(', NONE, {}, 'x')],
      after: [answer('sum(', NONE, {}, 'parse error\nmore')],
    };
    expect(explain('sum(', fared, UP)).toEqual({ reason: 'Prometheus says: parse error', rewrite: null });
  });
});
