import { HarnessError } from '../core/errors.ts';
import { projectFile } from '../core/project.ts';
import type { ResolvedTool } from '../core/tool.ts';
import { TOOLS, type ToolName, type ToolSpec } from './catalogue.ts';
import { cache } from './strategies/cache.ts';
import { container } from './strategies/container.ts';
import { given } from './strategies/given.ts';
import { go } from './strategies/go.ts';
import { path } from './strategies/path.ts';
import { release } from './strategies/release.ts';
import type { Strategy, ToolContext } from './strategy.ts';
import { type Inspection, inspect } from './version.ts';

export interface ToolOptions {
  /** A path from the command line; it goes before everything else. */
  given?: string | null | undefined;
  /** Exactly this version, instead of any that is new enough. */
  version?: string;
  /** Default: this process' own. */
  env?: NodeJS.ProcessEnv;
  /** One line about what takes long. */
  progress?: (line: string) => void;
  signal?: AbortSignal;
  /** Folder of go.mod and go.sum; default: tools/ of this project. */
  toolsDir?: string;
  strategies?: readonly Strategy[];
}

/**
 * The ways to come by a tool, in the order in which they are tried. A release is verified against its published sum and lies in the
 * cache from then on; a container has the name of an image for it, and is there for those who reach a registry and no releases.
 */
export const STRATEGIES: readonly Strategy[] = [given, path, cache, release, container, go];

const TOOLS_DIR = projectFile('tools/');

/**
 * Finds a tool that will do, building it as the last resort.
 * @throws HarnessError TOOL_UNUSABLE when the path that the user gave won't do; TOOL_MISSING, with what became of each way,
 * when no way leads to one
 */
export async function resolveTool(name: ToolName, options: ToolOptions = {}): Promise<ResolvedTool> {
  const tool = TOOLS[name];
  const context: ToolContext = {
    given: options.given ?? null,
    env: options.env ?? process.env,
    ...(options.version !== undefined && { version: options.version }),
    toolsDir: options.toolsDir ?? TOOLS_DIR,
    progress: options.progress ?? (() => {}),
    signal: options.signal,
  };
  const strategies = options.strategies ?? STRATEGIES;
  const reasons: string[] = [];
  for (const strategy of strategies) {
    const finding = await strategy.find(tool, context);
    if ('reason' in finding) {
      reasons.push(`${strategy.source}: ${finding.reason}`);
      continue;
    }
    if ('tool' in finding) return { ...finding.tool, name, source: strategy.source };
    for (const candidate of finding.candidates) {
      const inspection = exact(await inspect(tool, candidate, context), candidate, context);
      if ('version' in inspection) {
        return { name, path: candidate, version: inspection.version, source: finding.source ?? strategy.source };
      }
      // A variable does not say that it is meant for this version.
      if (strategy.decisive && (context.given !== null || context.version === undefined)) {
        throw unusable(tool, inspection.reason);
      }
      reasons.push(`${strategy.source}: ${inspection.reason}`);
    }
  }
  throw missing(tool, reasons, context);
}

/** One that would do, were it not another version than the one that is wanted, does not. */
function exact(inspection: Inspection, candidate: string, { version }: ToolContext): Inspection {
  if (version === undefined || !('version' in inspection) || inspection.version === version) return inspection;
  return { reason: `${candidate} is version ${inspection.version}, and ${version} is wanted` };
}

function missing(tool: ToolSpec, reasons: string[], { version }: ToolContext): HarnessError {
  const list = reasons.map((reason) => `\n  ${reason}`).join('');
  if (version !== undefined) {
    return new HarnessError('TOOL_MISSING', `there is no ${tool.name} ${version}; tried:${list}`, {
      hint: `bring that version (${tool.install}), and give its path`,
    });
  }
  return new HarnessError('TOOL_MISSING', `there is no usable ${tool.name}; tried:${list}`, {
    hint: `install ${tool.name} ${tool.atLeast} or later (${tool.install}), ${tool.go ? 'or Go to have it built, ' : ''}or name its path with ${tool.variable}; behind a proxy or without a network see docs/air-gapped.md`,
  });
}

function unusable(tool: ToolSpec, reason: string): HarnessError {
  return new HarnessError('TOOL_UNUSABLE', `the ${tool.name} that was given can't be used: ${reason}`, {
    hint: `correct ${tool.option === null ? '' : `${tool.option} or `}${tool.variable}, or leave it out to have ${tool.name} looked for`,
  });
}
