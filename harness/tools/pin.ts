import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { HarnessError } from '../core/errors.ts';
import type { GoBuild, ToolSpec } from './catalogue.ts';

/** The version of a tool that this project is made with. */
export interface Pin {
  version: string;
  /** As the pin has it: `v0.315.0` for Prometheus 3.15.0. */
  pinned: string;
  /** Checksums of what it is built from, so that a cache can tell when they changed. */
  sums: string[];
  /** sha256 of release files, by name, where they are known. */
  sha256: Record<string, string | null>;
}

/**
 * Of a tool that can be built: its Go module's version. Of others: kind-config/versions.yaml, beside the folder of the
 * modules.
 * @param version another than the pinned one: of it nothing more is known
 * @throws HarnessError TOOL_NOT_PINNED
 */
export function pinOf(tool: ToolSpec, toolsDir: string, version?: string): Pin {
  const pin = tool.go ? goPin(tool, tool.go, join(toolsDir, tool.go.dir)) : filePin(tool, toolsDir);
  return version === undefined || version === pin.version ? pin : { version, pinned: version, sums: [], sha256: {} };
}

function goPin(tool: ToolSpec, go: GoBuild, dir: string): Pin {
  const goMod = readFileSync(join(dir, 'go.mod'), 'utf8');
  const goSum = readFileSync(join(dir, 'go.sum'), 'utf8');
  const pin = goMod.split('\n').find((line) => line.replace('require', '').trim().startsWith(`${go.module} `));
  const moduleVersion = pin?.match(/\s(v\S+)/)?.[1];
  if (!moduleVersion) throw notPinned(tool, `${join(dir, 'go.mod')} names no version of ${go.module}`);
  return { version: go.version(moduleVersion), pinned: moduleVersion, sums: [goSum], sha256: {} };
}

function filePin(tool: ToolSpec, toolsDir: string): Pin {
  const file = join(toolsDir, '..', 'kind-config', 'versions.yaml');
  const versions = parse(readFileSync(file, 'utf8')) as Record<string, FilePin | undefined> | null;
  const pin = versions?.[tool.name];
  if (typeof pin?.version !== 'string') throw notPinned(tool, `${file} names no version of ${tool.name}`);
  const files = Object.values(pin.cli ?? {});
  return {
    version: pin.version,
    pinned: pin.version,
    sums: [],
    sha256: Object.fromEntries(files.map((asset) => [asset.file, asset.sha256])),
  };
}

/** The part of versions.yaml that is read here; the environment checks the file whole. */
interface FilePin {
  version?: string;
  cli?: Record<string, { file: string; sha256: string | null }>;
}

function notPinned(tool: ToolSpec, what: string): HarnessError {
  return new HarnessError('TOOL_NOT_PINNED', what, {
    hint: `restore the file, or give a path with ${tool.variable}`,
  });
}
