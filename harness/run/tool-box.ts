import type { ResolvedTool, ToolName, ToolRelease } from '../core/tool.ts';
import { resolveTool, type ToolOptions } from '../tools/resolve.ts';

export interface ToolBoxOptions {
  /** Paths that the user gave. */
  given: Partial<Record<ToolName, string>>;
  note(line: string): void;
  signal: AbortSignal;
}

/** The tools of a run: each is looked for when it is first asked for, and once. */
export class ToolBox {
  readonly #options: ToolBoxOptions;
  readonly #asked = new Map<string, Promise<ResolvedTool>>();
  readonly #found: ResolvedTool[] = [];

  constructor(options: ToolBoxOptions) {
    this.#options = options;
  }

  /** What was used so far, in the order of its finding. */
  get found(): readonly ResolvedTool[] {
    return this.#found;
  }

  /** @throws HarnessError TOOL_MISSING, TOOL_UNUSABLE */
  readonly tool = (name: ToolName, release?: ToolRelease): Promise<ResolvedTool> => {
    const key = release ? `${name} ${release.version} ${release.path ?? ''}` : name;
    let asked = this.#asked.get(key);
    if (!asked) {
      asked = this.#find(name, release);
      this.#asked.set(key, asked);
    }
    return asked;
  };

  /** The tool that the user gave, or that is found first, when it is of that release; else that release's own is looked for. */
  async #wanted(name: ToolName, { version, path }: ToolRelease): Promise<Pick<ToolOptions, 'given' | 'version'>> {
    if (path !== null) return { given: path, version };
    const usual = await this.tool(name).catch(() => null);
    return usual?.version === version ? { given: usual.path, version } : { version };
  }

  async #find(name: ToolName, release?: ToolRelease): Promise<ResolvedTool> {
    const { given, note, signal } = this.#options;
    const wanted = release ? await this.#wanted(name, release) : { given: given[name] };
    const tool = await resolveTool(name, { ...wanted, progress: note, signal });
    note(`${tool.name} ${tool.version} (${tool.source}: ${tool.path})`);
    this.#found.push(tool);
    return tool;
  }
}
