import { EXIT, HarnessError } from '../core/errors.ts';

/** A scenario's rules (Scenario.rules), beside prometheus.yml and in place of linkerd-viz's own `*_rules.yml`. */
export const RULES_FILE = 'scenario_rules.yml';

/** What Prometheus says of each group that it refuses (2.x), or of the file (3.x), before it ends. */
const REFUSALS =
  /msg="(?:loading groups failed|Error loading rule file patterns from config[^\n]*?)" .*?\berr=("(?:\\.|[^"\\])*"|\S+)/g;

const FOLDERS = /(?<=^|\n)\S*\/(?=[^/\s]+: )/g;

/** 3.x says all that is wrong with a file at once, a line each, some of it twice. */
const NEXT = /\n(?=[^/\s]+\.yml: )/;

/** And first which file it was that the pattern led to. */
const PREAMBLE = /^parse rules from file "[^"]*" \(pattern: "[^"]*"\): /;

/**
 * Why a Prometheus that ended did not take its rule files, in its own words: the file without its folders, line and column,
 * group and rule. Empty: it was something else.
 * @param log the end of its log
 */
export function refusedRules(log: string): string[] {
  const said = [...log.matchAll(REFUSALS)].flatMap(([, quoted]) =>
    unquoted(quoted!).replace(PREAMBLE, '').replace(FOLDERS, '').split(NEXT),
  );
  return [...new Set(said)];
}

/** @param log the end of the log of a Prometheus that ended @returns null when that was not because of its rules */
export function rulesRefused(log: string, where: string): HarnessError | null {
  const refused = refusedRules(log);
  if (refused.length === 0) return null;
  return new HarnessError('RULES_REFUSED', `Prometheus refuses the rules that it was given: ${refused.join('; ')}`, {
    hint: `the text after the colon is its own: line and column of ${RULES_FILE}; ${where}`,
    exitCode: EXIT.invalidInput,
  });
}

/** As Go quotes a value in a log. */
function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text;
  }
}
