import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ENTRY = 'harness/index.d.ts';
/** The target of an import in a declaration: `from './a.ts'`, `import('./a.ts')`. */
const IMPORT = /(^(?:import|export)\b[^'";]*?\bfrom\s*|^import\s*|\bimport\(\s*)(['"])([^'"]+)\2/gm;

/**
 * Writes the types of what is exported, and of nothing else; imports end in `.js`, as those of a package do.
 * @throws Error when a type comes from a package, which an installation does not have
 */
export function writeDeclarations(root: string, outdir: string): void {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', outdir], {
    cwd: root,
    stdio: 'inherit',
  });
  const needed = new Set<string>();
  const visit = (file: string) => {
    if (needed.has(file)) return;
    needed.add(file);
    const text = readFileSync(join(outdir, file), 'utf8').replace(IMPORT, (whole, before, quote, target: string) => {
      if (target.startsWith('node:')) return whole;
      if (!target.startsWith('.'))
        throw new Error(`${file}: its types need ${target}, which the package does not bring`);
      const next = target.replace(/\.[jt]s$/, '');
      visit(join(dirname(file), `${next}.d.ts`));
      return `${before}${quote}${next}.js${quote}`;
    });
    writeFileSync(join(outdir, file), text);
  };
  visit(ENTRY);
  for (const file of globSync('**/*.d.ts', { cwd: outdir })) if (!needed.has(file)) rmSync(join(outdir, file));
}
