import { readFileSync, statSync } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { issueAt, MAX_BYTES, readDocument, sizeProblem } from './document.ts';
import { type Path, type Problem, printPath, ScenarioError, type ScenarioIssue } from './error.ts';
import { explain } from './explain.ts';
import type { Scenario } from './model.ts';
import { normalise } from './normalise/index.ts';
import { EVERYTHING, recover } from './recover.ts';
import { scenarioFile } from './schema/file.ts';

export { ScenarioError, type ScenarioIssue } from './error.ts';

/** Of one file; whoever has more is told how many. */
const MAX_ISSUES = 100;
const NOWHERE = { line: 0, column: 0 };

/**
 * Reads a scenario from its text. `file` is its name in messages.
 * @throws ScenarioError with every problem at once
 */
export function parseScenario(text: string, file: string): Scenario {
  const { document, issues } = readDocument(text, file);
  if (!document) throw new ScenarioError(issues);
  const problems: Problem[] = [];
  const parsed = scenarioFile.safeParse(document.value);
  if (!parsed.success) problems.push(...explain(parsed.error.issues, document.value));
  const rest = parsed.success
    ? {
        file: parsed.data,
        complete: EVERYTHING,
        isWhole: () => true,
        original: (path: Path) => path,
      }
    : recover(document.value);
  let scenario: Scenario | null = null;
  if (rest) {
    scenario = normalise(rest.file, file, {
      report: (path, message, hint) => problems.push({ path: rest.original(path), message, hint }),
      complete: rest.complete,
      isWhole: rest.isWhole,
      namespace: rest.file.namespace,
      readFile: (name) => readBeside(file, name),
    });
  }
  const all = [
    ...issues,
    ...problems.map(({ path, message, hint, atKey }) => ({
      file,
      ...document.locate(path, atKey),
      path: printPath(path),
      message,
      hint,
    })),
  ];
  if (all.length > 0 || !scenario) throw new ScenarioError(limited(inOrder(all)));
  return scenario;
}

/** A text that a scenario names, from the scenario's folder. */
function readBeside(scenario: string, name: string): { text: string } | { problem: string; hint: string } {
  const path = join(dirname(scenario), name);
  try {
    const info = statSync(path);
    const problem = info.isFile() ? sizeProblem(info.size) : { message: 'this is no file', hint: 'name a file' };
    return problem ? { problem: problem.message, hint: problem.hint } : { text: readFileSync(path, 'utf8') };
  } catch (error) {
    const { message } = unreadable(path, error);
    return { problem: message, hint: `its path is from the folder of the scenario: ${path}` };
  }
}

/** @throws ScenarioError, also when the file can't be read */
export async function loadScenarioFile(path: string): Promise<Scenario> {
  return parseScenario(await readText(path), path);
}

/**
 * The scenario files that are meant: files as given, of a directory its *.yaml and *.yml, sorted.
 * @throws ScenarioError when a path does not exist or a directory has no scenarios
 */
export async function findScenarioFiles(paths: string[]): Promise<string[]> {
  const files = new Set<string>();
  const issues: ScenarioIssue[] = [];
  for (const path of paths) {
    try {
      const found = (await stat(path)).isDirectory()
        ? (await readdir(path))
            .filter((name) => /\.ya?ml$/.test(name))
            .sort()
            .map((name) => join(path, name))
        : [path];
      if (found.length === 0) {
        issues.push(issueAt(path, NOWHERE, 'this directory has no scenarios', 'they are named *.yaml or *.yml'));
      }
      for (const file of found) files.add(file);
    } catch (error) {
      issues.push(unreadable(path, error));
    }
  }
  if (issues.length > 0) throw new ScenarioError(issues);
  return [...files];
}

/**
 * Loads every scenario of files and directories.
 * @throws ScenarioError with all problems of all files, scenarios of one name among them
 */
export async function loadScenarios(paths: string[]): Promise<Scenario[]> {
  const scenarios: Scenario[] = [];
  const issues: ScenarioIssue[] = [];
  // One path at a time, so that a wrong one does not hide what is wrong in the others.
  const files = new Set<string>();
  for (const path of paths) {
    await collect(issues, async () => {
      for (const file of await findScenarioFiles([path])) files.add(file);
    });
  }
  for (const file of files) {
    await collect(issues, async () => {
      const scenario = await loadScenarioFile(file);
      const twin = scenarios.find((s) => s.name === scenario.name);
      if (twin) {
        const message = `the scenario ${scenario.name} is also in ${twin.file}`;
        throw new ScenarioError([issueAt(file, NOWHERE, message, 'give each its own `metadata.name`')]);
      }
      scenarios.push(scenario);
    });
  }
  if (issues.length > 0) throw new ScenarioError(issues);
  return scenarios;
}

async function collect(issues: ScenarioIssue[], step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    issues.push(...error.issues);
  }
}

/** Reads at most what a scenario may have, whatever the file says about its size. */
async function readText(path: string): Promise<string> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(path, 'r');
    const info = await handle.stat();
    const problem = info.isFile() ? sizeProblem(info.size) : null;
    if (problem) throw new ScenarioError([issueAt(path, NOWHERE, problem.message, problem.hint)]);
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) break;
    }
    const bytes = buffer.subarray(0, length);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      const hint = 'a scenario is YAML in UTF-8';
      throw new ScenarioError([issueAt(path, NOWHERE, 'this is no text file: it is not UTF-8', hint)]);
    }
  } catch (error) {
    if (error instanceof ScenarioError) throw error;
    throw new ScenarioError([unreadable(path, error)]);
  } finally {
    await handle?.close();
  }
}

function unreadable(path: string, error: unknown): ScenarioIssue {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const messages: Record<string, string> = {
    ENOENT: 'there is no such file or directory',
    EACCES: 'this must not be read',
    EISDIR: 'this is a directory',
  };
  return issueAt(path, NOWHERE, messages[code] ?? `this can't be read: ${code}`, 'check the path and its permissions');
}

function limited(issues: ScenarioIssue[]): ScenarioIssue[] {
  const more = issues.length - MAX_ISSUES;
  if (more <= 0) return issues;
  const last = issues[MAX_ISSUES]!;
  const rest = issueAt(last.file, last, `and ${more} more problems`, 'correct those above first');
  return [...issues.slice(0, MAX_ISSUES), rest];
}

function inOrder(issues: ScenarioIssue[]): ScenarioIssue[] {
  const seen = new Set<string>();
  return issues
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .filter((issue) => {
      // Through defaults and aliases one mistake may be met more than once.
      const id = `${issue.line}:${issue.column}:${issue.message}`;
      return !seen.has(id) && seen.add(id);
    });
}
