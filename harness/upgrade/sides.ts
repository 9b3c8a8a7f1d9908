import { EXIT, HarnessError } from '../core/errors.ts';
import type { ResolvedTool } from '../core/tool.ts';
import type { RunContext } from '../environment/contract.ts';
import type { UpgradePhase } from '../result/upgrade/types.ts';
import { ToolBox } from '../run/tool-box.ts';
import type { UpgradeOptions } from './options.ts';

export type FindTool = RunContext['tool'];

/** The tools of both sides: what does not differ is looked for once. */
export class Sides {
  readonly #common: ToolBox;
  /** Of a Prometheus of their own. */
  readonly #own: Record<'from' | 'to', ToolBox | null>;

  constructor({ tools, prometheus, progress, signal }: UpgradeOptions) {
    const common = { note: progress.note, signal };
    this.#common = new ToolBox({ ...common, given: tools });
    const side = (which: 'from' | 'to') => {
      const path = prometheus?.[which];
      return path ? new ToolBox({ ...common, given: { prometheus: path } }) : null;
    };
    this.#own = { from: side('from'), to: side('to') };
  }

  /** A roll-out begins with what is there before it. */
  of(phase: UpgradePhase): FindTool {
    return this.#side(phase === 'after' ? 'to' : 'from');
  }

  #side(which: 'from' | 'to'): FindTool {
    const own = this.#own[which];
    return (name, release) => (name === 'prometheus' && own ? own : this.#common).tool(name, release);
  }

  /** What was used so far. */
  get found(): ResolvedTool[] {
    return [this.#common, this.#own.from, this.#own.to].flatMap((box) => [...(box?.found ?? [])]);
  }

  /** What was given for one side alone is named by its own option: the resolver knows no sides. */
  async #prometheus(which: 'from' | 'to'): Promise<ResolvedTool> {
    try {
      return await this.#side(which)('prometheus');
    } catch (error) {
      const own = this.#own[which] !== null && error instanceof HarnessError && error.code === 'TOOL_UNUSABLE';
      if (!own) throw error;
      throw new HarnessError(error.code, error.message, {
        hint: `correct --prometheus-${which}`,
        exitCode: EXIT.invalidInput,
        cause: error,
      });
    }
  }

  /** @throws HarnessError EQUAL_VERSIONS when both sides have the same Prometheus; TOOL_MISSING, TOOL_UNUSABLE */
  async checkPrometheus(): Promise<{ from: ResolvedTool; to: ResolvedTool }> {
    const from = await this.#prometheus('from');
    const to = await this.#prometheus('to');
    if (from.version !== to.version) return { from, to };
    throw new HarnessError(
      'EQUAL_VERSIONS',
      `there is nothing to upgrade: Prometheus is ${from.version} on both sides`,
      {
        hint: 'name another one with --prometheus-from or --prometheus-to',
        exitCode: EXIT.invalidInput,
      },
    );
  }
}
