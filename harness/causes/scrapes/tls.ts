import type { Cause } from '../types.ts';

export const TLS_CAUSES: Cause[] = [
  {
    id: 'tls-to-plaintext-port',
    title: 'The job scrapes with https what speaks plain HTTP',
    kind: 'fault',
    symptom: 'All targets of the job are down with `http: server gave HTTP response to HTTPS client`.',
    evidence: [
      "the job's scheme: https",
      'the last error of its targets',
      'the page, fetched directly without TLS, is fine',
    ],
    reason:
      "The admin port of a proxy speaks plain HTTP, and the mesh's own TLS to a client that is meshed, which is not what `scheme: https` is. In a mesh Prometheus says http, and its sidecar does the rest (facts, section 3). All versions.",
    remedy: [
      'Set `scheme: http` in the job, or leave it out.',
      'If scrapes must be encrypted, mesh Prometheus: annotate its pod `linkerd.io/inject: enabled`.',
    ],
    looksLike: [
      { cause: 'plaintext-to-tls-port', toldApartBy: 'there it is the port that speaks TLS' },
      { cause: 'page-malformed', toldApartBy: 'there the page comes, and a line of it is wrong' },
    ],
    question: 'Does the port answer a direct request without TLS?',
  },
  {
    id: 'plaintext-to-tls-port',
    title: 'The job scrapes without TLS what speaks TLS alone',
    kind: 'fault',
    symptom:
      'Targets of some pods are down with `malformed HTTP response "\\x15\\x03..."`, `EOF`, or `server returned HTTP status 400 Bad Request`.',
    evidence: ['the last error of the target', 'a direct request without TLS gets no HTTP answer; one with TLS does'],
    reason:
      'Something on the way speaks TLS on the admin port: a terminating proxy of another mesh or of the platform. It answers a plain request with a TLS alert (bytes 0x15 0x03), with 400, or by closing. A proxy of Linkerd never does. All versions.',
    remedy: [
      'Find what listens: `kubectl -n NAMESPACE get pod POD -o yaml`, other sidecars and their ports; take port 4191 out of what they capture.',
      'If it is meant so: a job of its own for these pods with `scheme: https` and the `tls_config` that fits.',
    ],
    looksLike: [
      { cause: 'tls-to-plaintext-port', toldApartBy: 'there the job says https' },
      { cause: 'page-cut-off', toldApartBy: 'there a part of the page comes' },
      { cause: 'admin-port-refused', toldApartBy: 'there no connection comes about' },
    ],
    question: 'Does the port answer a direct request with TLS?',
  },
];
