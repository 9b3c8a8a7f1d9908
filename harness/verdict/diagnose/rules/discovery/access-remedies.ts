import type { CauseId } from '../../../../causes/ids.ts';
import type { EvidencePod } from '../../../../evidence/types.ts';
import { isCompleted } from '../../context/proxies.ts';

interface Account {
  namespace: string;
  name: string;
}

/** `system:serviceaccount:NS:NAME`, wherever it stands in a text; null where it does not. */
export function accountIn(text: string): Account | null {
  const found = /\bsystem:serviceaccount:([a-z0-9.-]+):([a-z0-9.-]+)/.exec(text);
  return found && { namespace: found[1]!, name: found[2]! };
}

const VIZ: Account = { namespace: 'linkerd-viz', name: 'prometheus' };

/**
 * What to do about a ServiceAccount that the API does not let in: the catalogue speaks of linkerd-viz's, any other has its own
 * names, and no chart of Linkerd's that would mend it. undefined: as the catalogue says.
 * @param allowed the namespaces in which it may list pods
 */
export function remedyFor(
  cause: CauseId,
  account: Account,
  pods: readonly EvidencePod[] | null,
  allowed: readonly string[] = [],
): string[] | undefined {
  const { namespace, name } = account;
  if (namespace === VIZ.namespace && name === VIZ.name) return undefined;
  switch (cause) {
    case 'rbac-denied':
      return [
        `\`kubectl auth can-i list pods --all-namespaces --as=system:serviceaccount:${namespace}:${name}\` must say yes.`,
        `Give it the right: ${grantOf(account)}.`,
        'Does a chart or an operator own its role and binding? Then mend them there, so that they stay.',
      ];
    case 'rbac-some-namespaces':
      return [
        `Give a ClusterRole and a ClusterRoleBinding: ${grantOf(account)}.`,
        `Or name the allowed namespaces in the job: \`kubernetes_sd_configs: [{ role: pod, namespaces: { names: [${allowed.join(', ')}] } }]\`, and add a RoleBinding in each that is missing.`,
      ];
    case 'token-expired':
      return [
        'Let the kubelet mount the token: no `credentials_file` of your own in kubernetes_sd_configs, and `automountServiceAccountToken: true`.',
        `When the ServiceAccount was made again: ${restartOf(account, pods)}`,
        `Outside the cluster: \`kubectl -n ${namespace} create token ${name} --duration=24h > token\`, and renew it in time.`,
      ];
    case 'api-ca-untrusted':
      return [
        'In a pod: drop `api_server` and `tls_config` from kubernetes_sd_configs; Prometheus finds API and CA by itself.',
        `After a rotation: ${restartOf(account, pods)}`,
        'Outside: `kubectl config view --raw --minify -o jsonpath="{.clusters[0].cluster.certificate-authority-data}" | base64 -d > ca.crt`.',
      ];
    default:
      return undefined;
  }
}

function grantOf({ namespace, name }: Account): string {
  const role = 'kubectl create clusterrole prometheus-pods --verb=get,list,watch --resource=pods,nodes';
  const binding = `kubectl create clusterrolebinding prometheus-pods --clusterrole=prometheus-pods --serviceaccount=${namespace}:${name}`;
  return `\`${role}\`, then \`${binding}\``;
}

/** Whatever owns its pods brings them back: what that is called the ServiceAccount does not tell. */
function restartOf({ namespace, name }: Account, pods: readonly EvidencePod[] | null): string {
  const own = (pods ?? [])
    .filter((pod) => pod.metadata.namespace === namespace && pod.spec.serviceAccountName === name && !isCompleted(pod))
    .map(({ metadata }) => metadata.name)
    .sort();
  return own.length > 0
    ? `\`kubectl -n ${namespace} delete pod ${own.join(' ')}\`; what owns it brings it back.`
    : `restart the pods of ServiceAccount ${name} in namespace ${namespace}.`;
}
