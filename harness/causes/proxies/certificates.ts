import type { Cause } from '../types.ts';

export const CERTIFICATE_CAUSES: Cause[] = [
  {
    id: 'certificate-expired',
    title: "A proxy's certificate has expired",
    kind: 'fault',
    symptom:
      'New connections from and to the pod fail: its callers get 502 or 504, TLS handshakes end with an error; what it has open may go on.',
    evidence: [
      'control_identity_cert_expiration_timestamp_seconds lies before the clock of the proxy (process_clock_time_seconds)',
      'the certificate that it shows on its inbound port',
      'control_identity_cert_refreshes_total{result="error"}',
    ],
    reason:
      'Certificates live for 24 h and are renewed after 70 % of that. One that expired was not renewed for at least seven hours: the identity service is down or out of reach, its issuer has expired, or the clock of a node is off. Before proxy v2.227 (2.16) the family is called identity_cert_expiration_timestamp_seconds.',
    remedy: [
      '`linkerd check --proxy`, and `kubectl -n CONTROL_PLANE logs deploy/linkerd-identity -c identity`.',
      'If the issuer has expired, replace it (linkerd.io: replacing expired certificates), then restart the identity service and the pods.',
      'Alert before it happens: control_identity_cert_expiration_timestamp_seconds - time() < 6 * 3600.',
    ],
    looksLike: [
      { cause: 'certificate-not-renewed', toldApartBy: 'there the certificate is still valid' },
      { cause: 'trust-anchors-differ', toldApartBy: 'there the certificate is valid, but of another authority' },
      { cause: 'prometheus-clock-off', toldApartBy: "compare with the proxy's own clock, not with time()" },
    ],
    question: "Does the certificate end before now, by the proxy's own clock?",
  },
  {
    id: 'certificate-not-renewed',
    title: 'A certificate is not renewed',
    kind: 'fault',
    symptom: 'Nothing yet. When the certificate expires, all new connections of the pod will fail.',
    evidence: [
      'control_identity_cert_refreshes_total{result="error"} (an answer of identity that is of no use), or control_response_total{classification="failure"} of linkerd-identity (no answer), has risen since the last refresh',
      'control_identity_cert_expiration_timestamp_seconds and ..._refresh_timestamp_seconds do not move',
      'the certificate is still valid',
    ],
    reason:
      'A proxy asks for a new certificate after 70 % of the lifetime of the old one; when that fails it tries again after 70 % of what is left, at the least 10 s. Errors before the first certificate are usual while a control plane starts, and are not this.',
    remedy: [
      '`linkerd check --proxy`, and `kubectl -n CONTROL_PLANE logs deploy/linkerd-identity -c identity`: an expired issuer, a ServiceAccount token that is not accepted, a policy in the way.',
      "The proxy's own log names the error: `kubectl -n NAMESPACE logs POD -c linkerd-proxy | grep -i 'obtain identity'`.",
    ],
    looksLike: [{ cause: 'certificate-expired', toldApartBy: 'there it has happened' }],
    question: 'Have refresh errors been counted after the moment of the last refresh?',
  },
  {
    id: 'trust-anchors-differ',
    title: 'Pods trust different anchors',
    kind: 'fault',
    symptom:
      'Pods of one half of the mesh cannot talk to those of the other: handshakes fail, callers get 502; within each half all is well.',
    evidence: [
      'the anchor at the end of the chain that a pod shows on its inbound port, against that of the control plane',
      'annotation linkerd.io/trust-root-sha256 of the pods',
    ],
    reason:
      'A proxy gets the trust bundle when its pod is created. After the trust anchor was replaced without a bundle of both, pods from before and after do not trust one another until they are restarted.',
    remedy: [
      'Restart the workloads of the pods named here, so that they get the present bundle: `kubectl -n NAMESPACE rollout restart deploy/NAME`.',
      'Rotate anchors with a bundle of the old and the new one (linkerd.io: manually rotating control plane TLS credentials); linkerd check --proxy says who lags behind.',
    ],
    looksLike: [
      { cause: 'certificate-expired', toldApartBy: 'there the chain ends in the common anchor' },
      { cause: 'client-not-meshed', toldApartBy: 'there a client speaks plaintext; here nobody gets through' },
    ],
    question: 'Which anchor does the chain end in that the pod shows?',
  },
];
