import { causeOf } from '../../causes/index.ts';
import { forControlPlane } from '../../causes/placeholders.ts';
import type { Finding } from './types.ts';

/**
 * What to do about a finding: what its rule says, else what the catalogue says of its causes, with the names of this mesh in
 * place of CONTROL_PLANE, NAMESPACE, POD and NAME. Where there are several pods the commands are those for the first.
 * @param controlPlane the namespace of this mesh's control plane
 */
export function remedyOf(finding: Finding, controlPlane = 'linkerd'): string[] {
  const texts =
    finding.remedy ??
    finding.causes.flatMap((cause) => causeOf(cause).remedy).map((text) => filledIn(text, finding.pods));
  return texts.map((text) => forControlPlane(text, controlPlane));
}

function filledIn(text: string, pods: readonly string[]): string {
  const [first] = [...pods].sort();
  if (first === undefined) return text;
  const [namespace = '', pod = ''] = first.split('/');
  const deployment = deploymentOf(pod);
  const filled = text
    .replaceAll(/\bNAMESPACE\b/g, namespace)
    .replaceAll(/\bPOD\b/g, pod)
    .replaceAll(/\bNAME\b/g, deployment ?? 'NAME');
  if (filled === text || sameFor(text, pods)) return filled;
  return `${filled.replace(/\.$/, '')}; the same for the other pods.`;
}

/** Whether a text would be filled in alike for each of the pods. */
function sameFor(text: string, pods: readonly string[]): boolean {
  const parts = pods.map((id) => {
    const [namespace = '', pod = ''] = id.split('/');
    return [
      /\bNAMESPACE\b/.test(text) && namespace,
      /\bPOD\b/.test(text) && pod,
      /\bNAME\b/.test(text) && (deploymentOf(pod) ?? pod),
    ].join(' ');
  });
  return new Set(parts).size === 1;
}

/** Of a pod's name as a Deployment gives it, `web-7d9c54f6b8-x2k5q`; null for any other. */
function deploymentOf(pod: string): string | null {
  return /^(.+)-(?=[a-z]*\d)[a-z0-9]{6,10}-[a-z0-9]{5}$/.exec(pod)?.[1] ?? null;
}
