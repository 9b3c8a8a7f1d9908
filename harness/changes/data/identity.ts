import type { KnownChange } from '../types.ts';

const renamed = (name: string): KnownChange => ({
  id: `identity-cert-${name.replaceAll('_', '-')}-renamed`,
  of: 'proxy',
  since: '2.227.0',
  linkerd: '2.16',
  subject: {
    kind: 'family',
    change: 'renamed',
    family: new RegExp(`^identity_cert_${name}$`),
    to: `control_identity_cert_${name}`,
  },
  text: `\`identity_cert_${name}\` is called \`control_identity_cert_${name}\``,
  instead: `it is called control_identity_cert_${name}`,
  rewrite: { kind: 'rename-family', from: `identity_cert_${name}`, to: `control_identity_cert_${name}` },
});

/** Certificates of the proxies. */
export const IDENTITY: readonly KnownChange[] = [
  {
    id: 'identity-cert-refresh-count-renamed',
    of: 'proxy',
    since: '2.220.0',
    linkerd: '2.15',
    subject: {
      kind: 'family',
      change: 'renamed',
      family: /^identity_cert_refresh_count$/,
      to: 'identity_cert_refreshes_total',
    },
    text: '`identity_cert_refresh_count` is called `identity_cert_refreshes_total`: it has the label `result`',
    instead:
      'ask for identity_cert_refreshes_total{result="ok"}, or from proxy v2.227 on control_identity_cert_refreshes_total',
    rewrite: {
      kind: 'rename-family',
      from: 'identity_cert_refresh_count',
      to: 'identity_cert_refreshes_total',
      having: { result: 'ok' },
    },
  },
  {
    id: 'identity-cert-refresh-timestamp',
    of: 'proxy',
    since: '2.220.0',
    linkerd: '2.15',
    subject: { kind: 'family', change: 'added', family: /^identity_cert_refresh_timestamp_seconds$/ },
    text: 'the time of the last refresh of the certificate is shown',
    instead: 'older proxies do not say when they refreshed their certificate',
  },
  renamed('expiration_timestamp_seconds'),
  renamed('refresh_timestamp_seconds'),
  renamed('refreshes_total'),
  {
    id: 'identity-help-texts',
    of: 'proxy',
    since: '2.311.0',
    linkerd: '2.19',
    subject: { kind: 'help', family: /^control_identity_cert_/ },
    text: 'the HELP texts of the certificate families are worded anew',
    instead: '',
  },
];
