import { NO_TIMEOUTS, type OutboundPolicy } from '../../core/policy.ts';
import type { MeshPodConfig } from '../../mesh/contract.ts';
import type { FaultOf } from '../../scenario/fault.ts';
import type { Draft } from '../draft.ts';
import type { LocalFaults } from '../local-fault.ts';
import { editPods, podFaults, podsOf } from '../targets.ts';
import { appOf, bypassOutbound, podsBehind, redirectToApp } from './paths.ts';

const SILENT: OutboundPolicy = {
  ...{ opaque: false, routes: [], retry: null, timeouts: NO_TIMEOUTS, failureAccrual: null, profile: null },
};

/** How much longer than the detection an app keeps silent, ms: enough for the detection to have ended. */
const LATER_MS = 150;

/** Traffic that goes past a proxy, or through it without being looked into. */
export const PORT_FAULTS: LocalFaults = {
  'not-injected': { plan: standAlone },
  'client-not-meshed': { plan: standAlone },
  'skip-inbound': {
    plan(spec, draft) {
      for (const pod of podsOf(spec, draft)) {
        if (!pod.app) continue;
        pod.skipsInbound = true;
        redirectToApp(draft, pod);
        annotate(draft, [pod], 'skip-inbound-ports', pod.app.labelPort);
      }
    },
  },
  'skip-outbound': {
    plan(spec, draft) {
      const { port } = draft.scenario.services.find(({ id }) => id === spec.params.to)!;
      const pods = podsOf(spec, draft);
      for (const pod of pods) bypassOutbound(draft, pod, port);
      annotate(draft, pods, 'skip-outbound-ports', port);
    },
  },
  opaque: {
    plan(spec, draft) {
      const { namespace, name } = draft.scenario.services.find(({ id }) => id === spec.service)!;
      const service = draft.mesh.services.find((each) => each.namespace === namespace && each.name === name)!;
      service.policy = { ...(service.policy ?? SILENT), opaque: true };
      // The Service's annotation names its own port, the pods' that of the app.
      for (const pod of podsBehind(draft, service)) annotate(draft, [pod], 'opaque-ports', pod.app!.labelPort);
    },
  },
  'detection-timeout': {
    plan(spec, draft) {
      const { timeoutMs } = spec.params;
      const pods = podsOf(spec, draft);
      for (const pod of pods) {
        podFaults(pod).detectTimeoutMs = timeoutMs;
        const app = appOf(draft, pod);
        if (app) app.speaksAfterMs = timeoutMs + LATER_MS;
      }
      const value = `${timeoutMs}ms`;
      editPods(draft, pods, [{ op: 'proxy-env', name: 'LINKERD2_PROXY_OUTBOUND_DETECT_TIMEOUT', value }]);
    },
  },
};

/** Pods as they would be without injection: their peers dial their apps, and they dial their peers. */
function standAlone(spec: FaultOf<'not-injected'> | FaultOf<'client-not-meshed'>, draft: Draft): void {
  const pods = podsOf(spec, draft);
  for (const pod of pods) podFaults(pod).absent = true;
  for (const pod of pods) {
    redirectToApp(draft, pod);
    bypassOutbound(draft, pod, null);
  }
  editPods(draft, pods, [{ op: 'without-proxy' }]);
}

function annotate(draft: Draft, pods: MeshPodConfig[], name: string, port: number): void {
  editPods(draft, pods, [{ op: 'annotation', name: `config.linkerd.io/${name}`, value: String(port) }]);
}
