import { z } from 'zod';
import type { FaultType } from '../fault.ts';
import { FAULT_KINDS, type FaultKind } from '../fault-kinds.ts';
import { dnsLabel, duration, fields, percent, serviceRef, size, whole } from '../fields.ts';
import { labelKey, labelValue } from '../mesh-fields.ts';

/** At most so many replicas; which there are is checked when the service is known. */
const MAX_REPLICA = 19;

const at = duration().describe('When it begins, after the start of traffic.');
const length = duration({ min: 1 }).optional();

/** What every type has; a type that refuses one of them says why. The static type is the same for all. */
interface Common {
  at: z.ZodOptional<typeof at>;
  for: typeof length;
  service: z.ZodOptional<ReturnType<typeof serviceRef>>;
  replica: z.ZodOptional<ReturnType<typeof whole>>;
}

function refused(why: string, hint: string) {
  return z.never({ error: `${why}\n${hint}` }).optional();
}

function commonOf(type: FaultType, kind: FaultKind): Common {
  const noTime = refused(`${type} is there from the start, to the end`, 'remove `at:` and `for:`');
  const noPods = refused(`${type} concerns no pod more than another`, 'remove `service:` and `replica:`');
  const moments = {
    never: { at: noTime, for: noTime },
    optional: {
      at: at.optional().describe('When it begins, after the start of traffic; default: before Prometheus starts.'),
      for: length.describe('How long; default: to the end. Without `at`: until so long after the start of traffic.'),
    },
    once: { at, for: refused(`${type} happens once`, 'remove `for:`') },
  }[kind.at];
  const pods = {
    none: { service: noPods, replica: noPods },
    service: {
      service: serviceRef().describe('Which service.'),
      replica: refused(`${type} concerns the service as a whole`, 'remove `replica:`'),
    },
    pods: {
      service: serviceRef(kind.serves ? undefined : ['cart', 'shop/cart', 'load']).describe(
        kind.serves ? 'Whose pods.' : 'Whose pods; `load` is the load generator.',
      ),
      replica: whole(0, MAX_REPLICA).optional().describe('Which of its pods, from 0; default: all.'),
    },
  }[kind.concerns];
  return { ...moments, ...pods } as unknown as Common;
}

function fault<T extends FaultType, P extends z.core.$ZodLooseShape>(type: T, description: string, params: P) {
  const common = commonOf(type, FAULT_KINDS[type]);
  return fields({ type: z.literal(type), ...common, ...params }).describe(description);
}

const portName = z
  .string()
  .max(15)
  .regex(/^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/, {
    error: 'this is no name of a port\n15 letters, digits and `-` at most, a letter among them, as in `metrics` (IANA)',
  });
const jobName = z.string().min(1).max(100).describe('Name of a job in scrape_configs.');
/** The suffix with the longest component before it must still be the name of a port. */
const portSuffix = z
  .string()
  .max(6)
  .regex(/^(-[a-z0-9]+)+$/, {
    error: 'this is no suffix of a port\nas in `-http`: a `-`, letters and digits, 6 at most',
  });
const relabelRegex = z.string().min(1).max(200).describe('Of the port, as a relabelling rule has it.');
const anyTime = (examples: string[]) => duration({ min: 1, max: 3_600_000, examples });

export const faultEntry = z.discriminatedUnion('type', [
  fault('rbac-denied', 'RBAC does not let Prometheus list pods.', {}),
  fault('rbac-namespaces', 'RBAC lets Prometheus list pods of some namespaces only.', {
    namespaces: z.array(dnsLabel()).min(1).max(20).describe('Those that it may.'),
    asked: z
      .array(dnsLabel())
      .min(1)
      .max(20)
      .optional()
      .describe("Those that the proxies' job asks for, one by one; default: all pods at once."),
  }),
  fault('token-expired', "Prometheus' token is not valid any more.", {}),
  fault('api-ca-untrusted', "The API server's certificate comes from a CA that Prometheus does not have.", {}),
  fault('not-injected', 'Pods without a sidecar.', {}),
  fault('scrape-by-annotation', 'The job of the proxies keeps pods by an annotation, which injected pods lack.', {
    annotation: labelKey().describe('As in `prometheus.io/scrape`.'),
  }),
  fault('admin-port-renamed', 'The port linkerd-admin of pods is called otherwise.', { name: portName }),
  fault('control-plane-keep', 'The job of the control plane keeps ports by another regular expression.', {
    regex: relabelRegex.meta({ examples: ['admin-http'] }),
  }),
  fault('control-plane-ports-renamed', "The control plane's admin ports end differently.", {
    suffix: portSuffix.describe('Instead of `-admin`.'),
  }),
  fault('container-renamed', 'The container linkerd-proxy of pods is called otherwise.', { name: dnsLabel() }),
  fault('control-plane-label', 'The label linkerd.io/control-plane-ns of pods is wrong or missing.', {
    value: labelValue().describe('What it says; empty: the label is missing.'),
  }),
  fault('keep-rule', "The proxies' job keeps pods of another control plane.", {
    namespace: z.union([z.literal(''), dnsLabel()]).describe('The namespace in its keep rule; may be empty.'),
  }),
  fault('pod-label', 'One label more on pods, which becomes a label of their targets.', {
    label: labelKey(),
    value: labelValue(),
  }),
  fault('sidecars-filtered', "The proxies' job loses native sidecars.", {
    by: z
      .enum(['init', 'phase'])
      .describe('It keeps no init containers (init), or only Running pods, and these are Pending (phase).'),
  }),
  fault('admin-denied', "A policy denies everything on the proxies' admin port.", {}),
  fault('admin-dropped', 'Connections to the admin port get no answer.', {}),
  fault('admin-refused', 'Connections to the admin port are refused.', {}),
  fault('https-job', 'A job is scraped with https.', { job: jobName }),
  fault('admin-tls-only', 'The admin port speaks TLS alone.', {}),
  fault('slow-page', 'The page takes long.', { delay: anyTime(['3s']).describe('How long, before it is answered.') }),
  fault('scrape-limits', "The proxies' job has limits.", {
    samples: whole(1, 1_000_000).optional().describe('sample_limit'),
    labels: whole(1, 1000).optional().describe('label_limit'),
    body: size(100 * 1024 * 1024)
      .optional()
      .describe('body_size_limit'),
  }),
  fault('page-malformed', 'A line of the page is broken.', { how: z.enum(['value', 'label', 'type', 'quote']) }),
  fault('page-cut-off', 'The connection ends in the page.', { share: percent().describe('After this much of it.') }),
  fault('duplicate-series', 'Some series stand on the page twice.', {}),
  fault('second-job', 'A second job finds the same proxies.', { name: jobName }),
  fault('address-reused', 'A completed pod has the same address, and the job does not look at phases.', {}),
  fault('prometheus-clock', "The clock of Prometheus' host is off; of the two one.", {
    ahead: anyTime(['90s']).optional(),
    behind: anyTime(['5m']).optional(),
  }),
  fault('job-name', "The proxies' job is called otherwise, as under a PodMonitor.", { name: jobName }),
  fault('skip-inbound', "The proxies skip the app's port, though the service does not say so.", {}),
  fault('skip-outbound', 'The proxies skip the port of a service.', { to: serviceRef().describe('Which service.') }),
  fault('opaque', "The service's port is opaque, though the service does not say so.", {}),
  fault('detection-timeout', 'Proxies wait so long for the first bytes of a connection; callers send them later.', {
    timeout: anyTime(['200ms']),
  }),
  fault('client-not-meshed', 'Pods of a workload that only calls have no sidecar.', {}),
  fault('retain-idle', 'Proxies drop series that rest.', { after: anyTime(['2s']).describe('For so long.') }),
  fault('proxy-restart', 'The proxy alone restarts.', {}),
  fault('short-lived-pod', 'Pods that are gone soon.', { livesFor: anyTime(['600ms']) }),
  fault('certificate-expired', 'The certificate has expired, and is not renewed.', {}),
  fault('renewal-fails', 'Every renewal of the certificate fails.', {
    because: z
      .enum(['unusable', 'unreachable'])
      .optional()
      .describe('What identity answers can not be used (the default), or it does not answer.'),
  }),
  fault('other-anchor', 'Certificates chain to another trust anchor.', {}),
]);

export type FaultEntry = z.output<typeof faultEntry>;
