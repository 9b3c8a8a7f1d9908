/**
 * Builds dist/: what the npm package runs. `npm pack` does it first (`prepack`).
 *   dist/harness, dist/sim-services  the programs, dist/chunks what they share
 *   dist/images                      programs of container images, each one file
 *   dist/types                       declarations of what `import 'meshproof'` gives
 *   dist/THIRD-PARTY-NOTICES.txt     what is compiled in, and under which licences
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUNDLES, BUNDLES_DIR, bundle } from '../../harness/environment/kind/images/bundle.ts';
import { compile } from './compile.ts';
import { writeDeclarations } from './declarations.ts';
import { notices, packagesIn } from './notices.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DIST = join(ROOT, 'dist');

rmSync(DIST, { recursive: true, force: true });
await compile(ROOT, DIST);
mkdirSync(join(ROOT, BUNDLES_DIR));
for (const [file, text] of Object.entries(await bundle(BUNDLES))) writeFileSync(join(ROOT, BUNDLES_DIR, file), text);
writeDeclarations(ROOT, join(DIST, 'types'));
writeFileSync(join(DIST, 'THIRD-PARTY-NOTICES.txt'), notices(ROOT, packagesIn(DIST)));
