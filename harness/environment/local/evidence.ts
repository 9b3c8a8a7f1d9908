import { readFile } from 'node:fs/promises';
import { HarnessError } from '../../core/errors.ts';
import { identityName } from '../../core/topology.ts';
import type { MeshPodConfig, MeshStarted } from '../../mesh/contract.ts';
import { serviceAccountUser } from '../../mesh/kubernetes/rbac.ts';
import type { EvidenceSource } from '../contract.ts';
import { accessWith, listObjects } from './evidence/api.ts';
import { readCertificate } from './evidence/certificate.ts';
import { readPage } from './evidence/page.ts';
import { CONTROL_PLANE_NAMESPACE, type LocalPlan, TRUST_DOMAIN, VIZ_NAMESPACE } from './plan.ts';

export interface LocalEvidenceOptions {
  plan: Pick<LocalPlan, 'mesh' | 'prometheusPod'>;
  started: Pick<MeshStarted, 'kubernetesApiUrl' | 'caFile' | 'tokenFile' | 'operator'>;
  /** Of Prometheus. */
  logFile: string;
}

/** A connection within one machine takes no time; what has not answered by then was dropped, or is slow. ms */
const LONGEST_PAGE_MS = 2500;
const TROUBLE = /\blevel=(?:warn|warning|error)\b/i;
const LOG_LINES = 2000;

/** What whoever operates the simulated mesh can read of it: nothing that its sockets and files do not show. */
export function localEvidence({ plan, started, logFile }: LocalEvidenceOptions): EvidenceSource {
  const { kubernetesApiUrl: url, caFile, tokenFile, operator } = started;
  return {
    list: (kind) => listObjects({ url, ...operator }, kind),
    fetchPage: (target) =>
      readPage({ ...target, deadlineMs: Math.min(target.deadlineMs, LONGEST_PAGE_MS) }, plan.prometheusPod?.outbound),
    async certificate({ namespace, pod }) {
      const { inbound, serviceAccount } = findPod(plan.mesh.pods, namespace, pod);
      return readCertificate(inbound, {
        serverName: identityName(serviceAccount, namespace, CONTROL_PLANE_NAMESPACE, TRUST_DOMAIN),
        where: `${namespace}/${pod}`,
        anchorPem: await readFile(operator.caFile, 'utf8'),
      });
    },
    access: (namespaces) =>
      accessWith({ url, caFile, tokenFile }, serviceAccountUser(VIZ_NAMESPACE, 'prometheus'), namespaces),
    async prometheusLog() {
      const lines = (await readFile(logFile, 'utf8')).split('\n');
      return lines.filter((line) => TROUBLE.test(line)).slice(-LOG_LINES);
    },
  };
}

function findPod(pods: readonly MeshPodConfig[], namespace: string, name: string): MeshPodConfig {
  const pod = pods.find((one) => one.namespace === namespace && one.name === name);
  if (pod) return pod;
  throw new HarnessError('UNKNOWN_POD', `the simulated mesh has no pod ${namespace}/${name}`, {
    hint: 'a copy in the API alone has no proxy',
  });
}
