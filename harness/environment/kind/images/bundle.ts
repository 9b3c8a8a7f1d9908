import { readFile } from 'node:fs/promises';
import { HarnessError } from '../../../core/errors.ts';
import { COMPILED, projectFile } from '../../../core/project.ts';

/** The programs that go into images, each as one file: its name there, and where it begins here. */
const ENTRIES = {
  service: 'sim-services/main.ts',
  sidecar: 'harness/mesh/cluster/sidecar.ts',
  await: 'harness/mesh/cluster/await.ts',
  'control-plane': 'harness/mesh/cluster/control-plane.ts',
  agent: 'harness/load/agent/main.ts',
  'page-reader': 'harness/environment/kind/page-reader/main.ts',
} as const;

export type BundleName = keyof typeof ENTRIES;
export const BUNDLES = Object.keys(ENTRIES) as BundleName[];

/** Where the npm package has them, made beforehand: it comes without sources and without a bundler. */
export const BUNDLES_DIR = 'dist/images/';

/** Packages in CommonJS call `require` for modules of Node; a module in ESM has none of its own. */
export const REQUIRE_IN_ESM =
  "import { createRequire as meshproofCreateRequire } from 'node:module';\nconst require = meshproofCreateRequire(import.meta.url);";

/**
 * Each program with all that it imports, as one ECMAScript module for the oldest Node that runs meshproof (the image may get the
 * one of this machine), by the name of its file. The same sources give the same text.
 * @throws HarnessError IMAGE_BUILD_FAILED with what the bundler says
 */
export async function bundle(names: readonly BundleName[]): Promise<Record<string, string>> {
  try {
    return await (COMPILED ? readBundles(names) : makeBundles(names));
  } catch (cause) {
    throw new HarnessError(
      'IMAGE_BUILD_FAILED',
      `the programs of the images can't be bundled: ${(cause as Error).message}`,
      {
        hint: COMPILED
          ? 'is the installation whole? Install meshproof again'
          : 'is the installation whole? Try: npm ci',
        cause,
      },
    );
  }
}

async function readBundles(names: readonly BundleName[]): Promise<Record<string, string>> {
  const files = names.map((name) => `${name}.mjs`);
  const texts = await Promise.all(files.map((file) => readFile(projectFile(`${BUNDLES_DIR}${file}`), 'utf8')));
  return Object.fromEntries(files.map((file, i) => [file, texts[i]!]));
}

async function makeBundles(names: readonly BundleName[]): Promise<Record<string, string>> {
  // Here and not above: only a run in a cluster needs the bundler.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: projectFile(''),
    entryPoints: Object.fromEntries(names.map((name) => [name, ENTRIES[name]])),
    outdir: '.',
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.12',
    inject: ['harness/core/older-node.ts'],
    banner: { js: REQUIRE_IN_ESM },
    // What is left of a package's licence goes with it.
    legalComments: 'eof',
    logLevel: 'silent',
  });
  return Object.fromEntries(outputFiles.map((file) => [file.path.slice(file.path.lastIndexOf('/') + 1), file.text]));
}
