/** What linkerd-viz's prometheus.yml has otherwise from one release to the next (facts, section 9). */
export interface VizRelease {
  /** Regular expression, anchored, of port names that job linkerd-controller keeps. */
  controllerKeep: string;
  multiclusterJob: 'linkerd-service-mirror' | 'linkerd-multicluster-controller';
  /** Job linkerd-proxy keeps pods of phase Pending and Running alone. */
  phaseFilter: boolean;
}

/** Since 2.20 (edge-26.4.1). */
export const LATEST_VIZ: VizRelease = {
  controllerKeep: '.*admin$',
  multiclusterJob: 'linkerd-multicluster-controller',
  phaseFilter: true,
};

/** Whether what the jobs for controllers keep is the proxies' ports as well, which a further rule then drops. */
export function takesProxyPorts({ controllerKeep }: VizRelease): boolean {
  return new RegExp(`^(?:${controllerKeep})$`).test('linkerd-admin');
}

/** What the multicluster job keeps of `component;port`. The controller is one of its components since the job is named after it (2.18). */
export function multiclusterKeep(viz: VizRelease): string {
  const component =
    viz.multiclusterJob === 'linkerd-service-mirror' ? viz.multiclusterJob : '(linkerd-service-mirror|controller)';
  const port = takesProxyPorts(viz) ? '.*-admin$' : `${viz.controllerKeep}$`;
  return `${component};${port}`;
}
