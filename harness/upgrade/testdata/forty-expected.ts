import type { QueryOutcome } from '../../result/upgrade/types.ts';

/** The releases between which the forty rules are compared: each step, and the whole way of those who wait. */
export const STEPS = [
  '2.12 -> 2.14',
  '2.14 -> 2.15',
  '2.15 -> 2.16',
  '2.16 -> 2.17',
  '2.17 -> 2.18',
  '2.18 -> 2.19',
  '2.19 -> 2.20',
  '2.20 -> edge-26.8.3',
  '2.12 -> 2.20',
] as const;

export type Step = (typeof STEPS)[number];

export interface ExpectedOutcome {
  /** Each of them is right: what depends on how many events happened to be seen. */
  outcomes: readonly QueryOutcome[];
  broken: boolean;
}

export interface ExpectedRule {
  /** Name of the alert or of the recorded series. */
  name: string;
  /** Steps at which something comes of it; at all others it is the same, and not broken. */
  steps: Partial<Record<Step, ExpectedOutcome>>;
  /** Steps at which there is nothing on either side, so that the comparison says nothing. */
  notExercised: readonly Step[];
}

/** What is expected of a rule at a step that its row does not name. */
export const UNCHANGED: ExpectedOutcome = { outcomes: ['same', 'same-within-noise'], broken: false };

const now = (...outcomes: QueryOutcome[]): ExpectedOutcome => ({ outcomes, broken: false });
const broken = (...outcomes: QueryOutcome[]): ExpectedOutcome => ({ outcomes, broken: true });

const same = (name: string, ...notExercised: Step[]): ExpectedRule => ({ name, steps: {}, notExercised });
const rule = (name: string, steps: ExpectedRule['steps'], ...notExercised: Step[]): ExpectedRule => ({
  name,
  steps,
  notExercised,
});

const UNTIL_2_16: Step[] = ['2.12 -> 2.14', '2.14 -> 2.15'];
const UNTIL_2_17: Step[] = [...UNTIL_2_16, '2.15 -> 2.16'];
const UNTIL_2_19: Step[] = [...UNTIL_2_17, '2.16 -> 2.17', '2.17 -> 2.18', '2.18 -> 2.19'];
const SINCE_2_18: Step[] = ['2.18 -> 2.19', '2.19 -> 2.20', '2.20 -> edge-26.8.3'];
const SINCE_2_16: Step[] = ['2.16 -> 2.17', '2.17 -> 2.18', ...SINCE_2_18];
const SINCE_2_15: Step[] = ['2.15 -> 2.16', ...SINCE_2_16];

/**
 * What becomes of forty.rules.yaml under the scenario `surface` with Prometheus 3, from the facts about each release (telemetry
 * facts, sections 4 and 9), not from running it.
 */
export const FORTY: readonly ExpectedRule[] = [
  same('namespace_deployment:requests:rate5m'),
  same('namespace_deployment:success:ratio5m'),
  same('namespace_deployment:latency_ms:p99_5m'),
  same('SuccessRateLow'),
  same('LatencyHigh'),
  same('FastAnswersFew'),
  // Prometheus 3 stores le="100.0": it selects nothing, in whatever release of the mesh.
  same('FastAnswersFewByInteger', ...STEPS),
  same('RequestsWithoutAnswer'),
  same('namespace:requests_not_mtls:ratio5m'),
  same('deployment:errors:ratio1h'),
  same('deployment:errors:ratio5m'),
  same('ErrorBudgetBurnsFast'),
  same('ErrorBudgetBurnsSlowly'),
  // Inbound series lost `authority` in 2.18.
  rule('AuthorityFails', { '2.17 -> 2.18': broken('now-empty'), '2.12 -> 2.20': broken('now-empty') }, ...SINCE_2_18),
  rule(
    'authority:inbound_requests:rate5m',
    { '2.17 -> 2.18': broken('now-empty'), '2.12 -> 2.20': broken('now-empty') },
    ...SINCE_2_18,
  ),
  same('service:outbound_requests:rate5m'),
  // identity_cert_* became control_identity_cert_* in 2.16.
  rule(
    'ProxyCertificateExpiresOld',
    { '2.15 -> 2.16': broken('now-empty'), '2.12 -> 2.20': broken('now-empty') },
    ...SINCE_2_16,
  ),
  same('ProxyCertificateExpires', ...UNTIL_2_16),
  same('ProxyCertificateExpiresEither'),
  // identity_cert_refresh_count became identity_cert_refreshes_total in 2.15.
  rule(
    'ProxyCertificateNeverRefreshed',
    { '2.14 -> 2.15': broken('now-empty'), '2.12 -> 2.20': broken('now-empty') },
    ...SINCE_2_15,
  ),
  // linkerd-viz of 2.19 keeps a name of admin ports that no pod has; 2.20 finds them again.
  rule('IssuerExpires', { '2.18 -> 2.19': broken('now-empty') }),
  rule('DestinationAbsent', {
    '2.18 -> 2.19': broken('newly-non-empty'),
    '2.19 -> 2.20': now('now-empty'),
  }),
  rule('ControlPlaneDown', { '2.18 -> 2.19': broken('now-empty') }),
  // The policy controller's port is called as the others since 2.13.
  rule('linkerd:control_plane_targets:count', {
    '2.12 -> 2.14': broken('different-values'),
    '2.18 -> 2.19': broken('now-empty'),
    '2.19 -> 2.20': now('newly-non-empty'),
    '2.12 -> 2.20': broken('different-values'),
  }),
  // Nobody fails to reach it.
  same('IdentityFails', ...STEPS),
  same('MulticlusterDown', ...STEPS),
  // proxy_build_info got its label `version` between 2.13 and 2.14.
  rule('linkerd:proxies:by_version', {
    '2.12 -> 2.14': now('different-labels'),
    '2.12 -> 2.20': now('different-labels'),
  }),
  same('ProxiesOfTwoBuilds'),
  same('ProxyDown'),
  same('linkerd:proxies:count'),
  same('ProxyMemoryHigh'),
  // tcp_connection_duration_ms was removed before 2.12.
  same('ConnectionsLast', ...STEPS),
  same('rt_route:success:ratio5m'),
  // Added in 2.13.
  rule('parent:route_backend_requests:rate5m', {
    '2.12 -> 2.14': now('newly-non-empty'),
    '2.12 -> 2.20': now('newly-non-empty'),
  }),
  // Added in 2.16.
  rule(
    'parent:route_latency_seconds:p95_5m',
    { '2.15 -> 2.16': now('newly-non-empty'), '2.12 -> 2.20': now('newly-non-empty') },
    ...UNTIL_2_16,
  ),
  // `hostname` has values in 2.17 alone.
  rule(
    'hostname:route_requests:rate5m',
    { '2.16 -> 2.17': now('newly-non-empty'), '2.17 -> 2.18': broken('now-empty') },
    ...UNTIL_2_17,
    ...SINCE_2_18,
    '2.12 -> 2.20',
  ),
  // Added in 2.20.
  rule(
    'route:inbound_statuses:rate5m',
    { '2.19 -> 2.20': now('newly-non-empty'), '2.12 -> 2.20': now('newly-non-empty') },
    ...UNTIL_2_19,
  ),
  same('RequestsDenied'),
  // `srv_port` goes with `srv_*` since 2.18; each of its series is of few requests.
  rule('server:denied:rate5m', {
    '2.17 -> 2.18': now('different-labels', 'same-within-noise'),
    '2.12 -> 2.20': now('different-labels', 'same-within-noise'),
  }),
  // `dst_zone_locality` came in 2.17.
  rule(
    'zone:outbound_requests:rate5m',
    { '2.16 -> 2.17': now('newly-non-empty'), '2.12 -> 2.20': now('newly-non-empty') },
    ...UNTIL_2_17,
  ),
];
