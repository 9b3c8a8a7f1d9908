import type { Cause } from '../types.ts';

/** What Linkerd counts as it means to, and what people take for something else. */
export const READING_CAUSES: Cause[] = [
  {
    id: 'retries-counted-as-requests',
    title: 'Retries are counted as requests',
    kind: 'reading',
    symptom:
      'The rate of a service is higher than what its callers ask for, and its success rate lower than what they get.',
    evidence: [
      'outbound_http_route_retry_requests_total (ServiceProfile: route_actual_request_total above route_request_total)',
      'the callee served more requests than its callers made',
      'the excess explains the difference between query and truth',
    ],
    reason:
      'request_total, response_total and response_latency_ms are counted at the endpoint, so each attempt is one, at the caller and at the callee. What the application asked for and got is in outbound_http_route_request_statuses_total (policy routes, since 2.16) and in route_request_total and route_response_total (ServiceProfile).',
    remedy: [
      'Effective, by the caller: sum(rate(outbound_http_route_request_statuses_total{parent_name="SERVICE", parent_namespace="NAMESPACE"}[1m])) by (http_status, error).',
      'Retries themselves: sum(rate(outbound_http_route_retry_requests_total[1m])) by (parent_name, route_name).',
    ],
    looksLike: [
      {
        cause: 'no-direction-filter',
        toldApartBy: 'a query without a direction counts twice exactly, with or without retries',
      },
      { cause: 'scraped-by-two-jobs', toldApartBy: 'there each series exists twice, by job' },
      { cause: 'probes-counted-as-traffic', toldApartBy: 'probes have no client and a route of their own' },
    ],
    question: 'How many requests did the callee serve for each that its callers made?',
  },
  {
    id: 'denials-counted-as-success',
    title: 'Denials are successes at the client, and nothing at the server',
    kind: 'reading',
    symptom:
      'A caller that is let in nowhere has a success rate of 100 %. At the server the same requests are missing from rate and success rate.',
    evidence: [
      'inbound_http_authz_deny_total at the server',
      'outbound response_total{status_code="403", classification="success"} at its client',
      'the denied requests explain the difference between query and truth',
    ],
    reason:
      "A request that policy denies is answered with 403 by the server's proxy, before it is counted: only inbound_http_authz_deny_total has it. The client's proxy sees an answer below 500, which Linkerd calls a success. With gRPC the answer is code 7, a failure.",
    remedy: [
      'Alert on denials themselves: sum(rate(inbound_http_authz_deny_total[1m])) by (namespace, deployment, route_name).',
      'Of a client: sum(rate(response_total{direction="outbound", status_code="403"}[1m])) by (dst_namespace, dst_service).',
      'If it should be let in: `linkerd viz authz -n NAMESPACE deploy/NAME`, and add an AuthorizationPolicy for its identity.',
    ],
    looksLike: [
      {
        cause: 'client-errors-counted-as-success',
        toldApartBy: 'a 403 of the app itself is in the inbound response_total too',
      },
      { cause: 'requests-abandoned', toldApartBy: 'an abandoned request has no answer at its client either' },
    ],
    question: 'How many requests of this flow has the proxy of the server denied?',
  },
  {
    id: 'probes-counted-as-traffic',
    title: 'Probes and scrapes are counted as traffic',
    kind: 'reading',
    symptom:
      'A service without users has a rate and a success rate of 100 %; the fewer its users, the more its errors and its latency are diluted.',
    evidence: [
      'inbound series with route_name="probe", with target_port 4191, or without TLS, in what the query selects',
      'their increase explains the difference between query and truth',
    ],
    reason:
      "The kubelet's probes of the app and Prometheus' own scrapes of port 4191 come through the proxy, which counts them in request_total, response_total and response_latency_ms as any request (an idle pod: about 0.3/s with probes and scrapes every 10 s). `linkerd viz stat` of a deployment includes them.",
    remedy: [
      'Filter: direction="inbound", tls="true" keeps meshed clients alone; where Prometheus is meshed itself, add target_port!="4191".',
      'Or ask the callers: direction="outbound", dst_namespace="NAMESPACE", dst_deployment="NAME".',
    ],
    looksLike: [
      {
        cause: 'client-not-meshed',
        toldApartBy: 'its requests are not on the route `probe`, and there are as many as the truth has',
      },
      { cause: 'no-direction-filter', toldApartBy: 'there outbound series are among what the query selects' },
    ],
    question: 'Of the series that the query selects, how much of the increase is of probes and scrapes?',
  },
  {
    id: 'requests-abandoned',
    title: 'Requests are abandoned',
    kind: 'reading',
    symptom:
      'Callers run into their timeouts, and the success rate says nothing of it; request_total grows faster than response_total.',
    evidence: [
      'request_total - response_total grows',
      'the truth has requests that their callers gave up, before the headers or in the middle of the body',
      'these explain the difference between query and truth',
    ],
    reason:
      'When a client gives up before it has headers, its proxy drops the request: request_total has counted it, response_total and response_latency_ms never will. When it gives up in the middle of a body the response counts by its status: a success.',
    remedy: [
      'Watch the difference: sum(rate(request_total[5m])) - sum(rate(response_total[5m])).',
      'Let the mesh time out before its clients do (timeout.linkerd.io/request on route or Service): then it is counted as a failure.',
    ],
    looksLike: [
      { cause: 'denials-counted-as-success', toldApartBy: 'a denied request has an answer at its client' },
      { cause: 'window-too-short', toldApartBy: 'there the numbers are off with any traffic' },
    ],
    question: 'How many requests of this flow have no complete answer?',
  },
  {
    id: 'latency-to-first-byte',
    title: 'The latency ends at the first byte',
    kind: 'reading',
    symptom: 'Dashboards show a few milliseconds where users wait for seconds: downloads, streams, large answers.',
    evidence: [
      'the truth knows for each answer when its first byte was written and when its last',
      'the quantile of the first is what the query shows, the quantile of the second what it was taken for',
    ],
    reason:
      'response_latency_ms is sampled when the first frame of the response body is polled, in spite of its HELP text (all versions since 2.12). outbound_http_route_request_duration_seconds and inbound_http_request_duration_seconds end with the response, but have coarse buckets (0.05, 0.5, 1, 10 s, and .025 to 10 s).',
    remedy: [
      'For whole responses: histogram_quantile(0.95, sum(rate(outbound_http_route_request_duration_seconds_bucket{parent_name="SERVICE"}[1m])) by (le)) (seconds; since 2.16), or inbound_http_request_duration_seconds_bucket (since 2.20).',
    ],
    looksLike: [
      { cause: 'quantile-in-a-wide-bucket', toldApartBy: 'there the value lies in the bucket of the true latency' },
      { cause: 'probes-counted-as-traffic', toldApartBy: 'there fast probes are among what the query selects' },
    ],
    question: 'What is the quantile of the time to the first byte, in the buckets that Linkerd has?',
  },
  {
    id: 'client-errors-counted-as-success',
    title: '4xx is a success',
    kind: 'reading',
    symptom: 'A success rate of 100 % while users get 404, 401 or 429; with gRPC, NOT_FOUND or RESOURCE_EXHAUSTED.',
    evidence: [
      'response_total by status_code (gRPC: grpc_status) with classification="success" and a status of 400 to 499',
      'their share explains the difference between query and truth',
    ],
    reason:
      'Linkerd classifies HTTP by one rule: 500 to 599 is a failure, all else a success; of gRPC the codes 2, 4, 7, 13, 14 and 15 are failures, all others successes. A ServiceProfile can say otherwise (responseClasses).',
    remedy: [
      'Say what you mean: sum(rate(response_total{direction="outbound", status_code!~"4..|5.."}[1m])) / sum(rate(response_total{direction="outbound"}[1m])).',
      'Or give the service a ServiceProfile with responseClasses, and use route_response_total.',
    ],
    looksLike: [
      {
        cause: 'denials-counted-as-success',
        toldApartBy: "a denial is made by the server's proxy, and counted there in inbound_http_authz_deny_total alone",
      },
      { cause: 'failure-series-missing', toldApartBy: 'there the ratio is empty, not 100 %' },
    ],
    question: 'Which statuses have the answers that count as success?',
  },
];
