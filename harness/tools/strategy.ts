import type { ResolvedTool } from '../core/tool.ts';
import type { ToolSpec } from './catalogue.ts';

/** One way to come by a program. Another way is another file in strategies/, put into the list in resolve.ts. */
export interface Strategy {
  /** Becomes ResolvedTool.source. */
  readonly source: string;
  /**
   * true: what it finds is what the user asked for, so that a program that won't do is an error and no other way is tried.
   */
  readonly decisive: boolean;
  find(tool: ToolSpec, context: ToolContext): Promise<Finding>;
}

/**
 * Paths to try in order, with their source when it is another one; or the tool itself, looked over already; or why there is
 * none.
 */
export type Finding =
  | { candidates: string[]; source?: string }
  | { tool: Omit<ResolvedTool, 'name' | 'source'> }
  | { reason: string };

export interface ToolContext {
  /** A path the user gave on the command line. */
  given: string | null;
  env: NodeJS.ProcessEnv;
  /** The only version that will do; absent: the pinned one, or any that is new enough. */
  version?: string;
  /** Folder of go.mod and go.sum. */
  toolsDir: string;
  /** One line about what takes long. */
  progress(line: string): void;
  signal: AbortSignal | undefined;
}
