import type { ResolvedTool, ToolName } from '../core/tool.ts';
import { resolveTool } from '../tools/resolve.ts';

export interface ToolBoxOptions {
  /** Paths that the user gave. */
  given: Partial<Record<ToolName, string>>;
  note(line: string): void;
  signal: AbortSignal;
}

/** The tools of a run: each is looked for when it is first asked for, and once. */
export class ToolBox {
  readonly #options: ToolBoxOptions;
  readonly #asked = new Map<ToolName, Promise<ResolvedTool>>();
  readonly #found: ResolvedTool[] = [];

  constructor(options: ToolBoxOptions) {
    this.#options = options;
  }

  /** What was used so far, in the order of its finding. */
  get found(): readonly ResolvedTool[] {
    return this.#found;
  }

  /** @throws HarnessError TOOL_MISSING, TOOL_UNUSABLE */
  readonly tool = (name: ToolName): Promise<ResolvedTool> => {
    let asked = this.#asked.get(name);
    if (!asked) {
      asked = this.#find(name);
      this.#asked.set(name, asked);
    }
    return asked;
  };

  async #find(name: ToolName): Promise<ResolvedTool> {
    const { given, note, signal } = this.#options;
    const tool = await resolveTool(name, { given: given[name], progress: note, signal });
    note(`${tool.name} ${tool.version} (${tool.source}: ${tool.path})`);
    this.#found.push(tool);
    return tool;
  }
}
