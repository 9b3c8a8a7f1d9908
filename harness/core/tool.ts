import { type ChildExit, type ChildSpec, startChild } from './process.ts';

/** `promtool` checks rules; no run needs it. */
export type ToolName = 'k6' | 'prometheus' | 'promtool' | 'kind' | 'linkerd';

/** A release of a tool other than the pinned one. */
export interface ToolRelease {
  version: string;
  /** Where the user has it; null: it is looked for. */
  path: string | null;
}

/** An external program that was found: which, where, and by which way. */
export interface ResolvedTool {
  name: ToolName;
  /** Path of the program; of a container, its image. */
  path: string;
  version: string;
  /** How it was found: `given`, `PATH`, `cache`, `container`, `release`, `go`. */
  source: string;
  /** Set when it is no program of this machine (a container): starts it. */
  start?: (spec: Omit<ChildSpec, 'file' | 'ipc'>) => Promise<ToolProcess>;
}

/** A running tool: a child process, a container, or a process in a pod. Its end is known, and it can be ended. */
export interface ToolProcess extends AsyncDisposable {
  readonly name: string;
  readonly logFile: string;
  /** Resolves, never rejects, when it has ended. */
  readonly exited: Promise<ChildExit>;
  /** null while it runs. */
  readonly exit: ChildExit | null;
  /** `first`, then SIGKILL after the grace. Resolves when it has ended. */
  stop(graceMs?: number, first?: NodeJS.Signals): Promise<ChildExit>;
  /** The last lines of its log. */
  tail(lines?: number): string;
}

/** Starts a tool wherever it is. */
export async function startTool(
  tool: Pick<ResolvedTool, 'path' | 'start'>,
  spec: Omit<ChildSpec, 'file' | 'ipc'>,
): Promise<ToolProcess> {
  return tool.start ? tool.start(spec) : startChild({ ...spec, file: tool.path });
}
