import type { FamilyChange } from './family-changes.ts';
import type { BuildInfo, ChartProfile, FamilyProfile, ProxyBehaviour, VersionProfile } from './types.ts';

/** One step back: what a release has otherwise than the one after it. */
export interface Step {
  proxyVersion: string;
  linkerdVersion: string;
  aliases: readonly string[];
  build: Pick<BuildInfo, 'date' | 'gitSha'>;
  headersOfEmptyFamilies?: boolean;
  /** Applied in order. */
  families?: readonly FamilyChange[];
  behaviour?: Partial<ProxyBehaviour>;
  chart?: ChartStep;
}

export interface ChartStep {
  nativeSidecar?: boolean;
  adminPorts?: Partial<ChartProfile['adminPorts']>;
  viz?: Partial<ChartProfile['viz']>;
}

/** The profile of the release before `after`. */
export function predecessor(after: VersionProfile, step: Step): VersionProfile {
  const { nativeSidecar, adminPorts, viz } = step.chart ?? {};
  return {
    ...after,
    proxyVersion: step.proxyVersion,
    linkerdVersion: step.linkerdVersion,
    aliases: step.aliases,
    build: { ...after.build, ...step.build },
    headersOfEmptyFamilies: step.headersOfEmptyFamilies ?? after.headersOfEmptyFamilies,
    families: (step.families ?? []).reduce<readonly FamilyProfile[]>(
      (families, change) => change(families),
      after.families,
    ),
    behaviour: { ...after.behaviour, ...step.behaviour },
    chart: {
      nativeSidecar: nativeSidecar ?? after.chart.nativeSidecar,
      adminPorts: { ...after.chart.adminPorts, ...adminPorts },
      viz: { ...after.chart.viz, ...viz },
    },
  };
}
