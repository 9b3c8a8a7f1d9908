import { join, relative, resolve } from 'node:path';
import { EXIT, type ExitCode } from '../../core/errors.ts';
import { createStyle, type Style } from '../../report/style.ts';
import { oneLine, wrap } from '../../report/text.ts';
import { shellWord } from '../../report/trouble.ts';
import { scenarioJsonSchema } from '../../scenario/json-schema.ts';
import { type CliContext, coloursIn, widthOf } from '../context.ts';
import { type Package, packageFor } from '../init/package.ts';
import { SCENARIO_FILE, SCENARIO_FOLDER, SCENARIO_TEXT, SCHEMA_FILE } from '../init/scenario.ts';
import { selfCommand } from '../init/self.ts';
import {
  type Ci,
  GITHUB_FILE,
  GITLAB_FILE,
  GITLAB_MAIN,
  GITLAB_MAIN_TEXT,
  githubWorkflow,
  gitlabJob,
  RESULTS,
} from '../init/workflows.ts';
import { addLine, makeFolders, type Outcome, repositoryAbove, textOf, writeNew } from '../init/write.ts';
import { version } from '../version.ts';

export interface InitArguments {
  ci: Ci;
  force?: boolean;
  /** Where CI gets meshproof from; default: a tarball in the repository. */
  package?: string;
}

interface Written {
  file: string;
  outcome: Outcome;
  what: string;
}

/** `meshproof init`: a first scenario, and what runs it in CI, in a repository of the user's own. Nothing is overwritten. */
export async function init(dir: string, args: InitArguments, context: CliContext): Promise<ExitCode> {
  const root = resolve(dir);
  const source = await packageFor(args.package, root, version());
  const files = filesOf(args.ci, source);
  await makeFolders(
    root,
    files.map(({ file }) => file),
  );
  const done: Written[] = [];
  for (const { file, text, what } of files) {
    const outcome = await writeNew(join(root, file), text, args.force ?? false);
    done.push({ file, outcome, what: outcome === 'left' ? 'is there already' : what });
  }
  if (args.ci === 'gitlab') done.push(await gitlabMain(root));
  const ignored = await addLine(join(root, '.gitignore'), `/${RESULTS}/`, IGNORES_RESULTS);
  done.push({ file: '.gitignore', outcome: ignored, what: `keeps /${RESULTS}/ out of git` });
  const above = args.ci === 'none' ? null : await repositoryAbove(root);
  const note = args.ci === 'none' ? '' : source.note;
  context.stdout.write(textFor(done, { root, above, note, spec: source.spec }, context));
  return done.some(({ outcome }) => outcome === 'left') ? EXIT.fail : EXIT.pass;
}

const IGNORES_RESULTS = new RegExp(`^/?${RESULTS}/?\\s*$`, 'm');

interface FileToWrite {
  file: string;
  text: string | Uint8Array;
  what: string;
}

function filesOf(ci: Ci, source: Package): FileToWrite[] {
  const files: FileToWrite[] = [
    { file: SCENARIO_FILE, text: SCENARIO_TEXT, what: 'a first scenario' },
    {
      file: SCHEMA_FILE,
      text: `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`,
      what: 'for editors to check it by',
    },
  ];
  if (ci === 'github')
    files.push({ file: GITHUB_FILE, text: githubWorkflow(version(), source), what: 'runs it in CI' });
  if (ci === 'gitlab') files.push({ file: GITLAB_FILE, text: gitlabJob(version(), source), what: 'runs it in CI' });
  const { vendored } = source;
  if (ci !== 'none' && vendored) files.push({ file: vendored.file, text: vendored.content, what: 'what CI runs' });
  return files;
}

/** A pipeline that is there is the user's own, whatever is forced: what to add to it is said. */
async function gitlabMain(root: string): Promise<Written> {
  const file = join(root, GITLAB_MAIN);
  const text = await textOf(file);
  if (text?.includes(GITLAB_FILE)) return { file: GITLAB_MAIN, outcome: 'there', what: `includes ${GITLAB_FILE}` };
  return {
    file: GITLAB_MAIN,
    outcome: await writeNew(file, GITLAB_MAIN_TEXT, false),
    what: text === null ? 'includes the job' : `add to its include: { local: ${GITLAB_FILE} }`,
  };
}

function textFor(
  done: readonly Written[],
  { root, above, note: said, spec }: { root: string; above: string | null; note: string; spec: string },
  { stdout, env }: CliContext,
): string {
  const style = createStyle(coloursIn(stdout, env));
  const width = widthOf(stdout);
  const left = done.filter(({ outcome }) => outcome === 'left');
  const note = (text: string) => ['', ...wrap(text, width).map(style.yellow)];
  return [
    ...wrap(`In ${root}:`, width),
    ...done.map((one) => line(one, Math.max(...done.map(({ file }) => file.length)), style)),
    ...(left.length > 0 ? note(leftText(left)) : []),
    ...(above ? note(`CI looks for workflows at the top of a repository, and that is ${above}: run it there.`) : []),
    ...(said === '' ? [] : note(said)),
    '',
    style.bold('Next:'),
    ...aligned(nextLines(root, selfCommand(env, { root, spec })), width, style),
    '',
  ].join('\n');
}

function line({ file, outcome, what }: Written, width: number, style: Style): string {
  const paint = outcome === 'left' ? style.yellow : style.green;
  return `  ${paint(outcome.padEnd(11))}  ${file.padEnd(width)}  ${style.dim(what)}`;
}

function leftText(left: readonly Written[]): string {
  const names = left.map(({ file }) => file).join(', ');
  const force = left.some(({ file }) => file !== GITLAB_MAIN) ? ' --force overwrites what meshproof writes.' : '';
  return `There already, and left as ${left.length === 1 ? 'it is' : 'they are'}: ${names}.${force}`;
}

/** What to type, and what for: beside each other where there is room. */
function nextLines(root: string, self: string): [command: string, what: string][] {
  const there = relative(process.cwd(), root);
  return [
    ...(there === '' ? [] : ([[`cd ${shellWord(oneLine(there))}`, '']] as [string, string][])),
    [`${self} run ${SCENARIO_FOLDER}`, 'a mesh, traffic, and a verdict: half a minute'],
    [`${self} validate ${SCENARIO_FOLDER}`, `after each change to ${SCENARIO_FILE}`],
    ['git add -A && git commit', 'and CI runs it with each change'],
  ];
}

function aligned(lines: readonly [string, string][], width: number, style: Style): string[] {
  const commands = Math.max(...lines.filter(([, what]) => what !== '').map(([command]) => command.length));
  const fits = lines.every(([, what]) => what === '' || 4 + commands + what.length <= width);
  // A command is never broken: it is to be copied.
  return lines.map(([command, what]) =>
    fits ? `  ${command.padEnd(commands)}  ${style.dim(what)}`.trimEnd() : `  ${command}`,
  );
}
