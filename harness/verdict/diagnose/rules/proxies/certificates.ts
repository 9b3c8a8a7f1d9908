import type { DiagnosisInput, Finding, Rule } from '../../types.ts';
import { shownCertificate } from './shown-certificate.ts';
import { gaugeOf, type PodView, podViews, sumOf } from './view.ts';

/** Names of the gauges since proxy v2.227, and before (facts, section 9). */
const EXPIRATION = ['control_identity_cert_expiration_timestamp_seconds', 'identity_cert_expiration_timestamp_seconds'];
const REFRESHED = ['control_identity_cert_refresh_timestamp_seconds', 'identity_cert_refresh_timestamp_seconds'];
const REFRESHES = ['control_identity_cert_refreshes_total', 'identity_cert_refreshes_total'];
const ANSWERS = 'control_response_total';
const CLOCK = 'process_clock_time_seconds';
const START = 'process_start_time_seconds';

/** A proxy waits at least this long between attempts, seconds. */
const MIN_REFRESH_SECONDS = 10;
/** It renews after this share of the lifetime. */
const REFRESH_AT = 0.7;

/** Certificates that have ended, by the clock of the proxy itself. */
export const certificateExpired: Rule = {
  causes: ['certificate-expired'],
  needs: ['pages', 'stored:control_identity_cert_expiration_timestamp_seconds', 'certificate'],
  diagnose(input, ask) {
    return podViews(input).flatMap((pod): Finding[] => {
      const gauge = expiryOf(input, pod);
      if (gauge !== undefined && gauge.expiry < gauge.now) return [expired(pod, gauge)];
      const shown = shownCertificate(input, ask, pod);
      if (shown === undefined) return [];
      const [expiry, now] = [shown.notAfterMs / 1000, gauge?.now ?? input.evidence.atMs / 1000];
      return expiry < now ? [expired(pod, { expiry, now, where: 'the certificate on its inbound port' })] : [];
    });
  },
};

function expired(pod: PodView, { expiry, now, where }: Expiry): Finding {
  return {
    causes: ['certificate-expired'],
    pods: [pod.key],
    subject: '',
    summary: `The certificate of ${pod.key} ended at ${at(expiry)}, ${Math.round(now - expiry)} s ago.`,
    evidence: [`the certificate of ${pod.key} ends at ${at(expiry)}, and it is ${at(now)} (${where})`],
  };
}

interface Expiry {
  /** Seconds since the epoch. */
  expiry: number;
  now: number;
  where: string;
}

/** undefined: nobody says, or it has had none yet (0). */
function expiryOf(input: DiagnosisInput, pod: PodView): Expiry | undefined {
  const now = gaugeOf(pod.page, CLOCK) ?? input.evidence.atMs / 1000;
  for (const name of EXPIRATION) {
    const expiry = gaugeOf(pod.page, name);
    if (expiry !== undefined) return expiry > 0 ? { expiry, now, where: `${name} of its page` } : undefined;
  }
  for (const { labels, samples } of storedOf(input, pod, EXPIRATION)) {
    const expiry = samples.at(-1)?.v ?? 0;
    if (expiry > 0) return { expiry, now: input.evidence.atMs / 1000, where: `${labels.__name__}, stored` };
  }
  return undefined;
}

/** Renewals that fail while the certificate is still good. */
export const certificateNotRenewed: Rule = {
  causes: ['certificate-not-renewed'],
  needs: ['pages', 'stored:control_identity_cert_refreshes_total'],
  diagnose(input) {
    return podViews(input).flatMap((pod): Finding[] => {
      const expiry = expiryOf(input, pod);
      const errors = errorsOf(input, pod);
      if (expiry === undefined || expiry.expiry < expiry.now || errors === 0) return [];
      const why = failsSince(input, pod, errors, expiry);
      if (why === undefined) return [];
      return [
        {
          causes: ['certificate-not-renewed'],
          pods: [pod.key],
          subject: '',
          summary: `The certificate of ${pod.key} is not renewed; it will end at ${at(expiry.expiry)}, in ${Math.round((expiry.expiry - expiry.now) / 60)} min.`,
          evidence: [
            `${pod.key} has ${errors} failed renewals (${REFRESHES[0]}{result="error"}, or ${ANSWERS}{classification="failure"} of identity)`,
            why,
          ],
        },
      ];
    });
  },
};

function errorsOf(input: DiagnosisInput, pod: PodView): number {
  const isError = ({ result }: Record<string, string>): boolean => result === 'error';
  const onPage = pod.page?.samples.find(({ name, labels }) => REFRESHES.includes(name) && isError(labels));
  if (onPage !== undefined || pod.page !== null) return Math.max(onPage?.value ?? 0, unanswered(pod));
  const stored = storedOf(input, pod, REFRESHES).filter(({ labels }) => isError(labels));
  return Math.max(0, ...stored.map(({ samples }) => samples.at(-1)?.v ?? 0));
}

/** Requests to identity that failed: refreshes that failed are those alone that it answered with something of no use. */
function unanswered({ page }: PodView): number {
  return sumOf(
    page,
    ANSWERS,
    ({ addr, classification }) => classification === 'failure' && /^linkerd-identity/.test(addr ?? ''),
  );
}

/**
 * What shows that errors came after the last renewal; undefined: they may be those of a start before its first certificate, which
 * are usual.
 */
function failsSince(input: DiagnosisInput, pod: PodView, errors: number, { expiry, now }: Expiry): string | undefined {
  const refreshed = refreshOf(input, pod);
  for (const { labels, samples } of storedOf(input, pod, REFRESHES)) {
    if (labels.result !== 'error') continue;
    const later = samples.filter(({ t }) => refreshed === undefined || t / 1000 > refreshed + 1);
    const [first, last] = [later[0], later.at(-1)];
    if (first && last && last.v > first.v) {
      return `they rose from ${first.v} to ${last.v} after its last renewal${refreshed === undefined ? '' : ` at ${at(refreshed)}`} (${labels.__name__}, stored)`;
    }
  }
  if (refreshed === undefined || refreshed === 0) return undefined;
  const due = refreshed + REFRESH_AT * (expiry - refreshed);
  if (now > due + MIN_REFRESH_SECONDS)
    return `it was last renewed at ${at(refreshed)} and due again at ${at(due)} (its page)`;
  // Each attempt waits: so many do not fit between the start and the first certificate.
  const start = gaugeOf(pod.page, START);
  if (start !== undefined && errors * MIN_REFRESH_SECONDS > refreshed - start + 1) {
    return `so many attempts do not fit between its start at ${at(start)} and its certificate of ${at(refreshed)} (its page)`;
  }
  return undefined;
}

/** Seconds since the epoch; undefined where nobody says. */
function refreshOf(input: DiagnosisInput, pod: PodView): number | undefined {
  for (const name of REFRESHED) {
    const value = gaugeOf(pod.page, name);
    if (value !== undefined) return value;
  }
  return storedOf(input, pod, REFRESHED)[0]?.samples.at(-1)?.v;
}

/** Stored series of a pod's proxy, by the address of its target. */
function storedOf({ evidence }: DiagnosisInput, pod: PodView, names: readonly string[]) {
  if (pod.admin === null) return [];
  return evidence.stored.filter(({ labels }) => names.includes(labels.__name__ ?? '') && labels.instance === pod.admin);
}

function at(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s` : date.toISOString();
}
