import { EXIT, type ExitCode } from '../../core/errors.ts';
import type { ToolName } from '../../core/tool.ts';
import { renderTable } from '../../report/table.ts';
import { RELEASE_PLATFORMS, TOOLS } from '../../tools/catalogue.ts';
import { releaseFiles } from '../../tools/release-files.ts';
import { resolveTool } from '../../tools/resolve.ts';
import type { CliContext } from '../context.ts';
import { Interruption } from '../interruption.ts';

interface ToolsArguments {
  urls?: boolean;
  /** One of RELEASE_PLATFORMS, `linux/amd64`. */
  platform?: string;
}

/** What a run on this machine needs. */
const USUAL: ToolName[] = ['k6', 'prometheus'];

/**
 * `meshproof tools`: finds or fetches programs, and says which they are; or says which files a mirror must have.
 * @throws HarnessError TOOL_MISSING, TOOL_UNUSABLE
 */
export async function tools(names: ToolName[], args: ToolsArguments, context: CliContext): Promise<ExitCode> {
  if (args.urls) {
    const platforms = RELEASE_PLATFORMS.filter(
      ({ os, arch }) => args.platform === undefined || args.platform === `${os}/${arch}`,
    );
    const urls = releaseFiles(names.length > 0 ? names : (Object.keys(TOOLS) as ToolName[]), platforms);
    context.stdout.write(`${urls.join('\n')}\n`);
    return EXIT.pass;
  }
  using interruption = new Interruption(context, () => {});
  const rows: { text: string }[][] = [];
  for (const name of names.length > 0 ? names : USUAL) {
    const { version, source, path } = await interruption.bound(
      resolveTool(name, {
        env: context.env,
        progress: (line) => context.stderr.write(`${line}\n`),
        signal: interruption.signal,
      }),
    );
    rows.push([name, version, source, path].map((text) => ({ text })));
  }
  const columns = ['TOOL', 'VERSION', 'FROM', 'WHERE'].map((title) => ({ title }));
  // Paths are there to be copied: they are not cut.
  context.stdout.write(`${renderTable(columns, rows, Number.MAX_SAFE_INTEGER)!.join('\n')}\n`);
  return EXIT.pass;
}
