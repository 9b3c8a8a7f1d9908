import { readFile, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { EXIT, HarnessError } from '../../core/errors.ts';
import { SCENARIO_FOLDER } from './scenario.ts';

/** Where CI gets meshproof from. */
export interface Package {
  /** As npx takes it: `./meshproof/meshproof-1.2.3.tgz`, `meshproof@1.2.3`, `github:owner/repository#v1.2.3`. */
  spec: string;
  /** A tarball that goes into the repository: its place there, from the top, and what it holds. */
  vendored?: { file: string; content: Uint8Array };
  /** What must be said, in the workflow and on the terminal; empty: nothing. */
  note: string;
}

/**
 * Whether the name `meshproof` on npm is this project's. As long as it is not, no workflow names it unless it is asked to: whoever
 * registers the name first would have their code run in the CI of others.
 */
const PUBLISHED = false;
const NOT_PUBLISHED = 'meshproof is not on npm yet';

const TARBALL = /\.(?:tgz|tar\.gz)$/;
const REMOTE = /^(?:https?|git\+https|git\+ssh|git|github|gitlab|bitbucket):/;
const VERSION = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;
const NAME_AT_VERSION = /^(?:@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+(?:-[\w.]+)?$/;
/** As one word of a shell, and as a plain scalar of YAML, with nothing to be quoted. */
const PLAIN = /^[\w@.][\w@.:/+#=?&%~-]*$/;

/** The tarball that CI takes when nothing else is named: a file of the repository itself. */
export function defaultTarball(version: string): string {
  return `${SCENARIO_FOLDER}/meshproof-${version}.tgz`;
}

/**
 * The package that is to be written into a workflow.
 * @param given what the user named: a version, a tarball, an address, a git repository
 * @param root the repository that gets the workflow
 * @throws HarnessError INVALID_PACKAGE
 */
export async function packageFor(given: string | undefined, root: string, version: string): Promise<Package> {
  if (given === undefined)
    return PUBLISHED ? { spec: `meshproof@${version}`, note: '' } : vendoredByHand(root, version);
  if (VERSION.test(given)) return fromNpm(`meshproof@${given}`);
  if (NAME_AT_VERSION.test(given)) return fromNpm(given);
  if (REMOTE.test(given)) {
    if (!PLAIN.test(given) || /[&?]/.test(given)) throw invalid(`${given} has characters that a shell reads`);
    return { spec: given, note: '' };
  }
  if (TARBALL.test(given)) return tarball(given, root);
  throw invalid(`${given} is no version, no tarball, and no address`);
}

function fromNpm(spec: string): Package {
  const ours = spec.startsWith('meshproof@') && !PUBLISHED;
  return { spec, note: ours ? `${NOT_PUBLISHED}: look who has published ${spec} before CI runs it.` : '' };
}

async function vendoredByHand(root: string, version: string): Promise<Package> {
  const file = defaultTarball(version);
  const there = await stat(join(root, file)).then(
    (found) => found.isFile(),
    () => false,
  );
  const make =
    'Make it with `make pack` in a checkout of meshproof and put it there, or name another source with --package.';
  return {
    spec: `./${file}`,
    note: there ? '' : `${NOT_PUBLISHED}, so CI takes it from ${file}, which is to be committed. ${make}`,
  };
}

/** One of the repository stays where it is; another is copied into it, as CI has the repository alone. */
async function tarball(given: string, root: string): Promise<Package> {
  const path = resolve(given);
  const content = await readFile(path).catch((cause) => {
    throw invalid(`${given} can't be read: ${(cause as NodeJS.ErrnoException).code}`, cause);
  });
  const inside = path.startsWith(root + sep);
  const file = inside ? relative(root, path).split(sep).join('/') : `${SCENARIO_FOLDER}/${basename(path)}`;
  if (!PLAIN.test(file)) throw invalid(`${file} has characters that a shell reads`);
  return { spec: `./${file}`, note: '', ...(inside ? {} : { vendored: { file, content } }) };
}

function invalid(what: string, cause?: unknown): HarnessError {
  return new HarnessError('INVALID_PACKAGE', `--package: ${what}`, {
    hint: 'give a tarball (made by `make pack`), a git address (github:owner/repository#v1.2.3), https://..., or a version',
    exitCode: EXIT.invalidInput,
    ...(cause === undefined ? {} : { cause }),
  });
}
