import type { Ask, DiagnosisInput, Finding, Rule } from '../../types.ts';
import { shownCertificate } from './shown-certificate.ts';
import { grouped, type PodView, podViews, proxyOf } from './view.ts';

const BUNDLE = 'linkerd.io/trust-root-sha256';

/** Pods whose certificates chain to another anchor than the control plane's; where nobody shows a chain, by their trust bundles. */
export const trustAnchorsDiffer: Rule = {
  causes: ['trust-anchors-differ'],
  needs: ['pods', 'certificate'],
  diagnose(input, ask) {
    const pods = podViews(input).filter(isMeshed);
    const shown = anchorsOf(input, ask, pods);
    const byChain = outliers(input, shown);
    if (byChain !== undefined) return differing(byChain, 'chain');
    if (shown.length > 1) return [];
    const bundles = pods.flatMap((pod) => {
      const anchor = pod.object!.metadata.annotations?.[BUNDLE];
      return anchor ? [{ pod, anchor }] : [];
    });
    const byBundle = outliers(input, bundles);
    return byBundle === undefined ? [] : differing(byBundle, 'bundle');
  },
};

interface Anchored {
  pod: PodView;
  anchor: string;
}

function isMeshed({ object }: PodView): boolean {
  return object !== null && proxyOf(object) !== undefined && /^(?:Running|Pending)$/.test(object.status.phase ?? '');
}

function anchorsOf(input: DiagnosisInput, ask: Ask, pods: readonly PodView[]): Anchored[] {
  return pods.flatMap((pod) => {
    const anchor = shownCertificate(input, ask, pod)?.anchorSha256;
    return anchor ? [{ pod, anchor }] : [];
  });
}

interface Outliers {
  usual: Anchored[];
  others: Anchored[];
}

/** Against the control plane's anchor; where that is not known, against the one that most have. undefined: all have the same. */
function outliers({ evidence }: DiagnosisInput, all: readonly Anchored[]): Outliers | undefined {
  const byAnchor = grouped(all, ({ anchor }) => anchor).sort(([, a], [, b]) => b.length - a.length);
  if (byAnchor.length < 2) return undefined;
  const ofControlPlane = all.filter(({ pod }) => pod.namespace === evidence.controlPlaneNamespace);
  const [most] = grouped(ofControlPlane, ({ anchor }) => anchor).sort(([, a], [, b]) => b.length - a.length);
  const anchor = most?.[0] ?? byAnchor[0]![0];
  return {
    usual: all.filter((one) => one.anchor === anchor),
    others: all.filter((one) => one.anchor !== anchor),
  };
}

function differing({ usual, others }: Outliers, by: 'chain' | 'bundle'): Finding[] {
  const names = others.map(({ pod }) => pod.key);
  const where = by === 'chain' ? 'the certificate on its inbound port' : `annotation ${BUNDLE}`;
  const [common] = usual;
  return [
    {
      causes: ['trust-anchors-differ'],
      pods: names,
      subject: '',
      summary:
        by === 'chain'
          ? `The certificates of ${names.join(', ')} chain to another trust anchor than the ${usual.length} of the rest of the mesh.`
          : `${names.join(', ')} have another trust bundle than the ${usual.length} of the rest of the mesh.`,
      evidence: [
        ...(common ? [`${common.pod.key}: ${short(common.anchor)} (${where})`] : []),
        ...others.map(({ pod, anchor }) => `${pod.key}: ${short(anchor)} (${where})`),
      ],
    },
  ];
}

function short(sha256: string): string {
  return `anchor ${sha256.slice(0, 16)}`;
}
