import { epochMs } from '../../../core/clock.ts';
import { HarnessError } from '../../../core/errors.ts';
import type { Topology } from '../../../core/topology.ts';
import { sleep } from '../../../core/wait.ts';
import type { RolloutSpec, Scenario, ServiceSpec } from '../../../scenario/model.ts';
import { BackgroundWork } from '../../background-work.ts';
import type { RolloutEvent } from '../../contract.ts';
import type { Kube, PodObject } from '../../kubernetes/contract.ts';
import { poll } from '../../kubernetes/poll.ts';
import { waitForRollout } from '../../kubernetes/rollout.ts';
import { podsWithoutSidecar } from '../../kubernetes/sidecars.ts';
import { calleesFirst } from '../../rollout-order.ts';
import { CONTROL_PLANE_NAMESPACE, type InstalledMesh } from '../contract.ts';
import { LEAVING_MS } from '../manifests/rolled-out.ts';
import type { Member, Members } from '../members.ts';
import { selectionOf } from '../steps/services.ts';
import { podInfo } from '../topology.ts';
import { LastPages } from './last-pages.ts';
import { type PodStep, PodWatch } from './pod-watch.ts';

/** What a roll-out is of: the mesh as the session has it. */
export interface Upgrade {
  /** Has the control plane of that version in place of the present one; resolves when it answers. */
  controlPlane(toVersion: string, signal: AbortSignal): Promise<InstalledMesh>;
  /** What changes in the template of pods so that they are made anew with the other version. */
  podAnnotations(toVersion: string): Record<string, string>;
}

export interface RolloutParts {
  kube: Kube;
  upgrade: Upgrade;
  /** As it was when the scenario began. */
  mesh: InstalledMesh;
  members: Members;
  /** Successors are added to it. */
  topology: Topology;
  /** The pods that there are, by workload. */
  pods: ReadonlyMap<string, readonly PodObject[]>;
  check?: () => void;
}

const PER_POD_MS = 90_000;
const LEFT_WITHIN_MS = LEAVING_MS + 45_000;
const STRATEGIC = { contentType: 'application/strategic-merge-patch+json' };

/**
 * Another version of the mesh under load: first the control plane, then workload by workload the pods, by Kubernetes itself
 * (maxSurge 1, maxUnavailable 0). What is told of it is what the API shows.
 */
export class KindRollout extends BackgroundWork {
  readonly events: RolloutEvent[] = [];
  readonly #scenario: Scenario;
  readonly #spec: RolloutSpec;
  readonly #parts: RolloutParts;
  readonly #watch: PodWatch;
  readonly #pages: LastPages;
  /** Replicas of the successors that there were, by workload. */
  readonly #successors = new Map<string, number>();
  #version: string;
  #originMs = 0;

  constructor(scenario: Scenario, spec: RolloutSpec, parts: RolloutParts) {
    super();
    this.#scenario = scenario;
    this.#spec = spec;
    this.#parts = parts;
    this.#version = parts.mesh.proxyVersion;
    this.#pages = new LastPages(parts.members);
    this.#watch = new PodWatch({
      kube: parts.kube,
      selections: new Map(scenario.services.map((service) => [service.id, selectionOf(service)])),
      known: [...parts.pods].flatMap(([of, pods]) => pods.map((pod) => ({ of, pod }))),
      tell: (step, pod, of) => this.#told(step, pod, of),
    });
  }

  schedule(originEpochMs: number): void {
    this.#originMs = originEpochMs;
    this.begin(async (signal) => {
      await sleep(Math.max(0, originEpochMs + this.#spec.atMs - epochMs()), signal);
      this.#watch.start();
      await this.#rollOut(signal);
    });
  }

  override check(): void {
    super.check();
    this.#watch.check();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.#watch[Symbol.asyncDispose]();
    await this.#pages[Symbol.asyncDispose]();
  }

  async #rollOut(signal: AbortSignal): Promise<void> {
    const { upgrade } = this.#parts;
    const { toVersion, restMs } = this.#spec;
    const mesh = await upgrade.controlPlane(toVersion, signal);
    this.#version = mesh.proxyVersion;
    this.#event('control-plane', CONTROL_PLANE_NAMESPACE, '');
    for (const service of calleesFirst(this.#scenario.services)) {
      await sleep(restMs, signal);
      await this.#replace(service, signal);
    }
    const pods = (await Promise.all([...this.#podsNow()])).flat();
    const bare = podsWithoutSidecar(pods);
    if (bare.length > 0) throw notInjected(bare);
    await this.#pages.done();
    await this.#watch[Symbol.asyncDispose]();
  }

  /** All pods of a workload, and only then the next. */
  async #replace(service: ServiceSpec, signal: AbortSignal): Promise<void> {
    const { kube, upgrade, check } = this.#parts;
    const { namespace, name, replicas } = service;
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
    const annotations = upgrade.podAnnotations(this.#spec.toVersion);
    const patch = { spec: { template: { metadata: { annotations } } } };
    await kube.request('PATCH', path, patch, { ...STRATEGIC, signal });
    const deadlineMs = replicas * (PER_POD_MS + this.#spec.restMs);
    await waitForRollout(kube, {
      what: `the roll-out of ${service.id}`,
      namespace,
      names: [name],
      deadlineMs,
      signal,
      check,
    });
    const isStill = ({ pod, gone }: Member) => pod.workload === service.id && !gone && this.#isOld(pod.name);
    await poll(async () => (this.#parts.members.all.some(isStill) ? undefined : true), {
      what: `the end of the pods of ${service.id} that were replaced`,
      deadlineMs: LEFT_WITHIN_MS,
      signal,
      check,
    });
  }

  #podsNow(): Promise<PodObject[]>[] {
    return this.#scenario.services.map((service) =>
      this.#parts.kube.list<PodObject>({ apiVersion: 'v1', kind: 'Pod' }, selectionOf(service)),
    );
  }

  #told(step: PodStep, pod: PodObject, of: string): void {
    const member = this.#memberOf(pod);
    switch (step) {
      case 'started':
        this.#event('pod-started', of, pod.metadata.name);
        break;
      case 'address':
        this.#join(pod, of);
        break;
      case 'ready':
        this.#event('pod-ready', of, pod.metadata.name);
        break;
      case 'leaving':
        if (member) member.leaving = true;
        this.#event('pod-leaving', of, pod.metadata.name);
        if (member) this.#pages.follow(member);
        break;
      case 'gone':
        if (member) member.gone = true;
        this.#event('pod-gone', of, pod.metadata.name);
    }
  }

  /** A successor: from now on it belongs to the scenario. */
  #join(pod: PodObject, of: string): void {
    const { members, topology } = this.#parts;
    const service = this.#scenario.services.find(({ id }) => id === of);
    if (!service) return;
    const replica = this.#successors.get(of) ?? 0;
    this.#successors.set(of, replica + 1);
    const info = podInfo(pod, of, replica, service.appPort);
    topology.pods.push(info);
    const member = members.add(info, pod.spec.nodeName ?? '');
    this.begin((signal) => this.#tellOrigin(member, signal));
  }

  /** As soon as it can be told: its timeline depends on it. */
  async #tellOrigin(member: Member, signal: AbortSignal): Promise<void> {
    await poll(
      async () => {
        if (member.leaving) return true;
        return member.admin.setOrigin(this.#originMs).then(
          () => true as const,
          () => undefined,
        );
      },
      { what: `telling ${member.pod.namespace}/${member.pod.name} the origin`, deadlineMs: PER_POD_MS, signal },
    );
  }

  #memberOf({ metadata }: PodObject): Member | undefined {
    return this.#parts.members.all.find(
      ({ pod }) => pod.name === metadata.name && pod.namespace === metadata.namespace,
    );
  }

  /** It was there before. */
  #isOld(name: string): boolean {
    return [...this.#parts.pods.values()].some((pods) => pods.some(({ metadata }) => metadata.name === name));
  }

  #event(what: RolloutEvent['what'], workload: string, pod: string): void {
    const version = this.#isOld(pod) ? this.#parts.mesh.proxyVersion : this.#version;
    this.events.push({ atMs: epochMs(), what, workload, pod, version });
  }
}

function notInjected(bare: string[]): HarnessError {
  return new HarnessError('PODS_NOT_INJECTED', `after the roll-out these have no sidecar: ${bare.join(', ')}`, {
    hint: 'the injector did not answer when they were made; see the log of linkerd-proxy-injector',
  });
}
