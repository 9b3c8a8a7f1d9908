import { describe } from '../../core/errors.ts';
import { abortable, waitFor } from '../../core/wait.ts';
import type { Address } from '../contract.ts';
import { type RefreshPolicy, WorkloadCredentials } from '../identity/credentials.ts';
import { findProfile } from '../profiles/index.ts';
import { ControlWatches, reportCertified, reportNotCertified } from '../proxy/control-clients.ts';
import { Discovery, podKey } from '../proxy/discovery.ts';
import type { InboundPolicies } from '../proxy/inbound/policies.ts';
import { podEnvironment, podTelemetry } from '../proxy/pod-telemetry.ts';
import { ProcessShares } from '../proxy/process-share.ts';
import { seededRandom } from '../proxy/random.ts';
import { Sidecar } from '../proxy/sidecar.ts';
import { TcpMeter } from '../proxy/tcp-meter.ts';
import type { ProcessInfo } from '../telemetry/proxy-telemetry.ts';
import type { ProxyTelemetry } from '../telemetry/types.ts';
import { CertificateClient } from './certificate-client.ts';
import { PROXY_PORTS, type SidecarSettings } from './contract.ts';
import { controlEndpoint } from './control-endpoint.ts';
import { podNetwork } from './pod-network.ts';
import { inboundPolicyOf, knownOf } from './snapshot.ts';
import { SnapshotClient } from './snapshot-client.ts';
import { redirectedListeners } from './tcp-ports.ts';

/** What is under way when the pod ends may take this long, ms: its app has ended before. */
const DRAIN_MS = 2000;

/** Where it listens, and where it finds the control plane; what is left out is as in a pod. */
export interface SidecarAddresses {
  inbound?: Address;
  outbound?: Address;
  admin?: Address;
  identity?: Address;
  destination?: Address;
}

export interface SidecarPodOptions {
  pod: { namespace: string; name: string; uid: string; ip: string; serviceAccount: string };
  settings: SidecarSettings;
  trustAnchorsPem: string;
  readToken(): Promise<string>;
  addresses?: SidecarAddresses;
  refresh?: RefreshPolicy;
  log(line: string): void;
}

/** A sidecar in a pod of its own. */
export interface SidecarPod {
  /** Resolves when it is certified, knows the mesh, and takes traffic. Rejects when it is stopped before. */
  readonly ready: Promise<void>;
  /** Takes no new connections, lets what is under way end for two seconds at most, and ends. */
  stop(): Promise<void>;
}

/**
 * Runs the sidecar of one pod. The admin listener answers when this resolves; the rest follows with the certificate and the
 * first snapshot, however long the control plane takes.
 * @throws HarnessError PORT_TAKEN, UNKNOWN_MESH_VERSION
 */
export async function runSidecar(options: SidecarPodOptions): Promise<SidecarPod> {
  const { settings, addresses = {}, log } = options;
  const pod = podOf(options);
  let sidecar: Sidecar | null = null;
  const profile = findProfile(settings.version);
  const telemetry = podTelemetry(
    profile,
    processInfo(() => sidecar),
    componentOf(options),
    settings,
  );
  const watches = new ControlWatches(telemetry);
  const discovery = new Discovery([], [], settings.trustDomain);
  sidecar = await Sidecar.startUncertified({
    ...{ pod, telemetry, discovery, watches, log },
    meter: new TcpMeter(),
    names: settings,
    env: podEnvironment(pod, settings),
    transportHeader: profile.behaviour.transportHeader,
    random: seededRandom(`${podKey(pod)} ${options.pod.uid}`),
    // In a cluster with IPv6, the redirect's rules for it lead here.
    optional: addresses.inbound ? [] : [IPV6_LISTENERS],
  });
  const identity = certificateClient(options, telemetry);
  const snapshots = followSnapshots(options, discovery, watches, sidecar.policies);
  const stopping = new AbortController();
  const started = Promise.all([identity.first(stopping.signal), abortable(snapshots.first, stopping.signal)]);
  const ready = started.then(async ([certificate]) => {
    const credentials = new WorkloadCredentials(certificate, identity, options.refresh);
    await sidecar.certified(credentials);
    log(`ready: ${certificate.name}`);
  });
  // Whoever waits for it is told; nobody need wait.
  ready.catch(() => {});
  return { ready, stop: () => stop(sidecar, snapshots, stopping, ready) };
}

const IPV6_LISTENERS = {
  inbound: { host: '::', port: PROXY_PORTS.inbound },
  outbound: { host: '::1', port: PROXY_PORTS.outbound },
};

async function stop(
  sidecar: Sidecar,
  snapshots: SnapshotClient,
  stopping: AbortController,
  ready: Promise<void>,
): Promise<void> {
  stopping.abort(new Error('the sidecar was stopped'));
  // What is being opened would come up after the end otherwise.
  await ready.catch(() => {});
  snapshots[Symbol.dispose]();
  sidecar.drain();
  const quiet = { what: 'requests end', deadlineMs: DRAIN_MS, everyMs: 10, hint: 'they are cut' };
  await waitFor(() => (sidecar.inFlight === 0 ? true : undefined), quiet).catch(() => {});
  await sidecar.kill();
}

function podOf({ pod, settings, addresses = {} }: SidecarPodOptions) {
  const { inbound, outbound, admin } = addresses;
  const { app, opaquePorts, egressPorts } = settings;
  return {
    ...pod,
    opaquePorts,
    // Given addresses, nothing is redirected.
    ...(!inbound && redirectedListeners(egressPorts, opaquePorts)),
    inbound: inbound ?? { host: '0.0.0.0', port: PROXY_PORTS.inbound },
    // Redirected connections of the pod's own processes arrive at the loopback address.
    outbound: outbound ?? { host: '127.0.0.1', port: PROXY_PORTS.outbound },
    admin: admin ?? { host: '0.0.0.0', port: PROXY_PORTS.admin },
    app: app && {
      address: { host: '127.0.0.1', port: app.port },
      labelPort: app.port,
      readyPath: app.readyPath,
      livePath: app.livePath,
    },
  };
}

/** The component of the control plane that it stands beside, if any. */
function componentOf({ pod, settings }: SidecarPodOptions): string | null {
  if (pod.namespace !== settings.controlPlaneNamespace) return null;
  return /^linkerd-(destination|identity|proxy-injector)$/.exec(settings.workload)?.[1] ?? null;
}

/** process_* of this process, which is the sidecar; those of the network are the pod's. */
function processInfo(sidecar: () => Sidecar | null): ProcessInfo {
  const { info } = new ProcessShares().open(
    () => sidecar()?.handled ?? 0,
    () => sidecar()?.openFds ?? 0,
  );
  return { ...info, read: () => ({ ...info.read(), ...podNetwork() }) };
}

function certificateClient(options: SidecarPodOptions, telemetry: ProxyTelemetry): CertificateClient {
  const { settings, addresses, trustAnchorsPem, readToken, log } = options;
  const refusedEarly = (cause: unknown) => log(`not certified: ${describe(cause)}`);
  return new CertificateClient({
    endpoint: controlEndpoint('identity', settings, addresses?.identity),
    anchorPem: trustAnchorsPem,
    readToken,
    certified: (ms) => reportCertified(telemetry, ms),
    refused: (cause) => {
      reportNotCertified(telemetry);
      refusedEarly(cause);
    },
    refusedEarly,
  });
}

function followSnapshots(
  options: SidecarPodOptions,
  discovery: Discovery,
  watches: ControlWatches,
  policies: InboundPolicies,
): SnapshotClient {
  const { settings, addresses, trustAnchorsPem, log } = options;
  let seen = false;
  return new SnapshotClient({
    endpoint: controlEndpoint('destination', settings, addresses?.destination),
    anchorPem: trustAnchorsPem,
    snapshot: (snapshot) => {
      if (seen) watches.restored();
      else watches.atStart(options.settings.ports.length);
      seen = true;
      discovery.update(knownOf(snapshot));
      policies.update(inboundPolicyOf(snapshot, options.pod));
    },
    lost: (cause) => {
      watches.lost();
      log(`destination: ${describe(cause)}`);
    },
  });
}
