import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, HarnessError } from '../../core/errors.ts';
import type { PodInfo } from '../../core/topology.ts';
import { LOAD_WORKLOAD } from '../../scenario/model.ts';
import { collectPages } from '../collect-pages.ts';
import type { ProxyPage, RunningEnvironment } from '../contract.ts';
import type { Kube } from '../kubernetes/contract.ts';
import { PodAdmin } from './pod-admin.ts';
import type { NodeTruth } from './rollout/node-truth.ts';

export interface MembersOptions {
  kube: Kube;
  /** The scenario's folder under results/. */
  dir: string;
  /** The reader in Prometheus' pod, where scrapes have an identity. */
  reader: PodAdmin | null;
  /** Where journals of pods that are gone are; null: no pod goes. */
  truth: Pick<NodeTruth, 'read'> | null;
  /** Told of what the user should know. */
  note(line: string): void;
}

/** A pod of the scenario; when it has left, what is left of it. */
export interface Member {
  readonly pod: PodInfo;
  readonly node: string;
  readonly admin: PodAdmin;
  /** It is being deleted, or gone: it can't be asked any more. */
  leaving: boolean;
  gone: boolean;
  /** The last that it showed while it was leaving. */
  lastPage: ProxyPage | null;
  journal: Promise<string> | null;
}

/** Last line of a journal that was closed (sim-services/contract.ts). */
const CLEAN_END = /(?:^|\n)Z,[\d.]+\n$/;

/** The pods of a scenario, with those that have left: their journals, pages and clocks. */
export class Members {
  readonly all: Member[] = [];
  readonly #options: MembersOptions;

  constructor(options: MembersOptions) {
    this.#options = options;
  }

  add(pod: PodInfo, node: string): Member {
    const admin = new PodAdmin(this.#options.kube, pod);
    const member = { pod, node, admin, leaving: false, gone: false, lastPage: null, journal: null };
    this.all.push(member);
    return member;
  }

  /** Who has a replica's place: of several that do not leave, the newest. */
  current(workload: string, replica: number): Member | undefined {
    const its = this.all.filter(({ pod }) => pod.workload === workload && pod.replica === replica);
    return its.findLast(({ leaving }) => !leaving) ?? its.at(-1);
  }

  /** Tells the services that there are now. */
  async setOrigin(originEpochMs: number): Promise<void> {
    await Promise.all(this.#serving().map(({ admin }) => admin.setOrigin(originEpochMs)));
  }

  /** A page as it is now. */
  page({ admin, pod }: Member): Promise<ProxyPage> {
    return admin.page(pod.instance, this.#options.reader);
  }

  /** Of the services, those that have left included; kept with the results: truth/<namespace>.<pod>.journal. */
  journals(): Promise<string[]> {
    return Promise.all(this.#serving().map((member) => this.#kept(member)));
  }

  /** Of pods that have left the last one that they showed. */
  pages(): ReturnType<RunningEnvironment['readProxyPages']> {
    return collectPages(
      this.all.map((member) => ({
        pod: member.pod,
        read: async () => {
          if (!member.leaving) return this.page(member);
          if (member.lastPage) return member.lastPage;
          throw new HarnessError('PAGE_NOT_READ', 'the pod left before its last page could be read', {
            hint: 'its journal is there all the same',
          });
        },
      })),
    );
  }

  /** Of the pods that can be asked. */
  clocks(): { name: string; read: () => Promise<number> }[] {
    return this.all
      .filter(({ leaving }) => !leaving)
      .map(({ admin }) => ({ name: admin.pod, read: () => admin.clock() }));
  }

  #serving(): Member[] {
    return this.all.filter(({ pod }) => pod.workload !== LOAD_WORKLOAD.id);
  }

  async #kept(member: Member): Promise<string> {
    const { pod } = member;
    const text = await this.#journal(member);
    const dir = join(this.#options.dir, 'truth');
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, `${pod.namespace}.${pod.name}.journal`), text);
    return text;
  }

  async #journal(member: Member): Promise<string> {
    const { truth } = this.#options;
    if (!member.leaving || !truth) return member.admin.truth();
    // What is gone stays as it is.
    if (member.gone) member.journal ??= this.#ofGone(member, truth);
    return member.journal ?? this.#fromNode(member, truth);
  }

  async #ofGone(member: Member, truth: Pick<NodeTruth, 'read'>): Promise<string> {
    const text = await this.#fromNode(member, truth);
    if (!CLEAN_END.test(text)) {
      const { namespace, name } = member.pod;
      this.#options.note(`${namespace}/${name} was cut off when it was to end: its journal has no end`);
    }
    return text;
  }

  async #fromNode({ pod, node }: Member, truth: Pick<NodeTruth, 'read'>): Promise<string> {
    try {
      const text = await truth.read({ name: pod.name, node });
      if (text !== '') return text;
    } catch (cause) {
      throw lost(pod, describe(cause), cause);
    }
    throw lost(pod, `the node ${node} has none`);
  }
}

function lost({ namespace, name }: PodInfo, why: string, cause?: unknown): HarnessError {
  return new HarnessError('TRUTH_LOST', `the journal of ${namespace}/${name}, which was replaced: ${why}`, {
    hint: 'did anything else delete pods, or clean the node, during the run?',
    cause,
  });
}
