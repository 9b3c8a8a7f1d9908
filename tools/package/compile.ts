import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { REQUIRE_IN_ESM } from '../../harness/environment/kind/images/bundle.ts';

/** Programs that are started by path, and what others import. Each becomes a file of the same place and name under dist/. */
export const PROGRAMS = [
  'harness/cli/main.ts',
  'harness/index.ts',
  'harness/mesh/main.ts',
  'harness/bench/pages/main.ts',
  'sim-services/main.ts',
] as const;

/** Some packages in CommonJS work out the place of a file when they are loaded; none of those files is of use to us. */
const PLACE_IN_ESM = 'const __filename = import.meta.filename;\nconst __dirname = import.meta.dirname;';

/** The only module that knows where it lies: in a file of several modules the others would look at the wrong place. */
const KNOWS_ITS_PLACE = 'harness/core/project.ts';
/** It has the words in a text, for other programs. */
const WRITES_THEM = 'harness/environment/kind/images/bundle.ts';

/**
 * Compiles the programs with every package that they use, for the oldest Node that is supported; what several share is in
 * files of its own (dist/chunks). So an installation has nothing to resolve and is as it was tested.
 * @throws Error where a source looks up its own place
 */
export async function compile(root: string, outdir: string): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...PROGRAMS],
    outbase: '.',
    outdir,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.12',
    plugins: [kubernetesClient],
    inject: ['harness/core/older-node.ts'],
    banner: { js: `${REQUIRE_IN_ESM}\n${PLACE_IN_ESM}` },
    legalComments: 'none',
    // Natively compiled extras that ssh2 does without, and the bundler, which the package has no use for.
    external: ['cpu-features', '*.node', 'esbuild'],
    metafile: true,
    logLevel: 'warning',
  });
  const lost = sourcesThatLookUpTheirPlace(root, metafile);
  if (lost.length > 0) {
    throw new Error(
      `${lost.join(', ')}: import.meta says where the compiled file lies, not this module; use projectFile() of ${KNOWS_ITS_PLACE}`,
    );
  }
}

/**
 * The Kubernetes client has a class for each kind of object and a method for each call, fifteen megabytes; it does not declare that
 * those which are not used may be left out.
 */
const kubernetesClient: Plugin = {
  name: 'kubernetes-client',
  setup(build) {
    // The asking takes time: not for what has no extension, which are most imports of other packages.
    build.onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ path, resolveDir }) => {
      if (!resolveDir.includes('/node_modules/@kubernetes/client-node/dist') || path.endsWith('polyfill.js'))
        return null;
      return { path: join(resolveDir, path), sideEffects: false };
    });
  },
};

function sourcesThatLookUpTheirPlace(root: string, { inputs }: Metafile): string[] {
  return Object.keys(inputs)
    .filter((path) => !path.startsWith('node_modules/') && ![KNOWS_ITS_PLACE, WRITES_THEM].includes(path))
    .filter((path) => /^(?!\s*(?:\*|\/[/*])).*\bimport\.meta\b/m.test(readFileSync(join(root, path), 'utf8')));
}
