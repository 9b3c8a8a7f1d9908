import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesBetween } from '../../changes/index.ts';
import { editsOf, rewritten } from './rewrite.ts';
import { textOfTokens, tokensOf } from './tokens.ts';

const up = editsOf(
  changesBetween({
    proxy: { from: '2.188.0', to: '2.294.0' },
    linkerd: { from: '2.12', to: '2.18' },
    prometheus: { from: '2.42.0', to: '3.15.0' },
  }),
);

describe('expressions written anew', () => {
  it.each([
    [
      'identity_cert_expiration_timestamp_seconds - time() < 3600',
      'control_identity_cert_expiration_timestamp_seconds - time() < 3600',
    ],
    // Over two releases, and with the series that the old family had.
    ['identity_cert_refresh_count', 'control_identity_cert_refreshes_total{result="ok"}'],
    ['identity_cert_refresh_count{}', 'control_identity_cert_refreshes_total{result="ok"}'],
    [
      'sum by (pod) (\n  rate(identity_cert_refresh_count{namespace="$ns"}[$__rate_interval])\n) # x',
      'sum by (pod) (\n  rate(control_identity_cert_refreshes_total{result="ok", namespace="$ns"}[$__rate_interval])\n) # x',
    ],
    [
      '{__name__="identity_cert_expiration_timestamp_seconds"}',
      '{__name__="control_identity_cert_expiration_timestamp_seconds"}',
    ],
    ['up{job="linkerd-service-mirror"}', 'up{job="linkerd-multicluster-controller"}'],
    ["up{job=~'a|linkerd-service-mirror'}", "up{job=~'a|linkerd-multicluster-controller'}"],
    ['x_bucket{le="100", other="100"}', 'x_bucket{le="100.0", other="100"}'],
    ['x_bucket{le=~"1|0.5|\\\\+Inf"}', 'x_bucket{le=~"1\\\\.0|0.5|\\\\+Inf"}'],
    ['x{quantile!="1"}', 'x{quantile!="1.0"}'],
    ['holt_winters(x[5m], 0.1, 0.2)', 'double_exponential_smoothing(x[5m], 0.1, 0.2)'],
  ])('%s', (expr, expected) => {
    expect(rewritten(expr, up)).toBe(expected);
  });

  it.each([
    'up',
    'sum by (identity_cert_refresh_count) (up)',
    'sum without (a, identity_cert_refresh_count) (up)',
    'up{identity_cert_refresh_count="1"}',
    'up{note="identity_cert_refresh_count"}',
    'up # identity_cert_refresh_count',
    'my_identity_cert_refresh_count',
    'identity_cert_refresh_counts',
    'holt_winters',
    'x{le="0.5"}',
    'x{le="1.0"}',
    'x{job!~".*mirror"}',
  ])('%s stays', (expr) => {
    expect(rewritten(expr, up)).toBeNull();
  });

  it('go back with a way back', () => {
    const down = editsOf(
      changesBetween({ proxy: { from: '2.246.0', to: '2.221.0' }, prometheus: { from: '3.1.0', to: '2.55.0' } }),
    );
    expect(rewritten('control_identity_cert_refreshes_total / x_bucket{le="1.0"}', down)).toBe(
      'identity_cert_refreshes_total / x_bucket{le="1"}',
    );
  });

  it('take guessed renames, too', () => {
    const guess = {
      kind: 'renamed',
      what: 'family',
      subject: 'a',
      before: 'a',
      after: 'b',
      reason: '',
      guessed: true,
    } as const;
    expect(rewritten('rate(a_bucket[5m]) + a', editsOf([], [guess]))).toBe('rate(b_bucket[5m]) + b');
    expect(rewritten('a', editsOf([], [{ ...guess, guessed: false }]))).toBeNull();
  });

  it('of any text keep each character that is not about a name', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab_{}()[]"\'`\\#$ \n=~!|1.') }), (text) => {
        expect(textOfTokens(tokensOf(text))).toBe(text);
      }),
    );
  });
});
