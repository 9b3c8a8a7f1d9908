import type { FaultType } from './fault.ts';

export interface FaultKind {
  /** `pods`: those of a service, all or one; `service`: the service as a whole; `none`: no pod more than another. */
  concerns: 'none' | 'service' | 'pods';
  /** `never`: from the start to the end alone; `once`: it needs a moment, and has no length. */
  at: 'never' | 'optional' | 'once';
  /** Pods must serve something: the load generator does not. */
  serves?: true;
  /** The parameter by which two of one type differ; two that are the same there exclude each other. */
  key?: string;
}

const cluster: FaultKind = { concerns: 'none', at: 'optional' };
const pods: FaultKind = { concerns: 'pods', at: 'optional' };
/** What a pod is created with can't change while it runs. */
const createdWith: FaultKind = { concerns: 'pods', at: 'never' };

/** What each type of fault concerns, and when it may begin. */
export const FAULT_KINDS: Record<FaultType, FaultKind> = {
  'rbac-denied': cluster,
  'rbac-namespaces': cluster,
  'token-expired': cluster,
  'api-ca-untrusted': cluster,
  'not-injected': createdWith,
  'scrape-by-annotation': cluster,
  'admin-port-renamed': pods,
  'control-plane-keep': cluster,
  'control-plane-ports-renamed': cluster,
  'container-renamed': pods,
  'control-plane-label': pods,
  'keep-rule': cluster,
  'pod-label': { ...pods, key: 'label' },
  'sidecars-filtered': cluster,
  'admin-denied': pods,
  'admin-dropped': pods,
  'admin-refused': pods,
  'https-job': { ...cluster, key: 'job' },
  'admin-tls-only': pods,
  'slow-page': pods,
  'scrape-limits': cluster,
  'page-malformed': pods,
  'page-cut-off': pods,
  'duplicate-series': pods,
  'second-job': { ...cluster, key: 'name' },
  'address-reused': pods,
  'prometheus-clock': { concerns: 'none', at: 'never' },
  'job-name': cluster,
  'skip-inbound': { ...createdWith, serves: true },
  'skip-outbound': { ...createdWith, key: 'to' },
  opaque: { concerns: 'service', at: 'never', serves: true },
  'detection-timeout': { ...createdWith, serves: true },
  'client-not-meshed': createdWith,
  'retain-idle': createdWith,
  'proxy-restart': { concerns: 'pods', at: 'once' },
  'short-lived-pod': { concerns: 'pods', at: 'once', serves: true },
  'certificate-expired': pods,
  'renewal-fails': pods,
  'other-anchor': pods,
};
