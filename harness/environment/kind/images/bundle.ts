import { fileURLToPath } from 'node:url';
import { HarnessError } from '../../../core/errors.ts';

/** The programs that go into images, each as one file: its name there, and where it begins here. */
const ENTRIES = {
  service: 'sim-services/main.ts',
  sidecar: 'harness/mesh/cluster/sidecar.ts',
  'control-plane': 'harness/mesh/cluster/control-plane.ts',
  agent: 'harness/load/agent/main.ts',
  'page-reader': 'harness/environment/kind/page-reader/main.ts',
} as const;

export type BundleName = keyof typeof ENTRIES;

export const PROJECT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Packages in CommonJS call `require` for modules of Node; a module in ESM has none of its own. */
const BANNER =
  "import { createRequire as meshproofCreateRequire } from 'node:module';\nconst require = meshproofCreateRequire(import.meta.url);";

/**
 * Each program with all that it imports, as one ECMAScript module for Node 24. The same sources give the same text.
 * @throws HarnessError IMAGE_BUILD_FAILED with what the bundler says
 */
export async function bundle(names: readonly BundleName[]): Promise<Record<string, string>> {
  // Here and not above: only a run in a cluster needs the bundler.
  const { build } = await import('esbuild');
  try {
    const { outputFiles } = await build({
      absWorkingDir: PROJECT,
      entryPoints: Object.fromEntries(names.map((name) => [name, ENTRIES[name]])),
      outdir: '.',
      outExtension: { '.js': '.mjs' },
      write: false,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node24',
      banner: { js: BANNER },
      // What is left of a package's licence goes with it.
      legalComments: 'eof',
      logLevel: 'silent',
    });
    return Object.fromEntries(outputFiles.map((file) => [file.path.slice(file.path.lastIndexOf('/') + 1), file.text]));
  } catch (cause) {
    throw new HarnessError(
      'IMAGE_BUILD_FAILED',
      `the programs of the images can't be bundled: ${(cause as Error).message}`,
      {
        hint: 'is the installation whole? Try: npm ci',
        cause,
      },
    );
  }
}
