/** What must be in no line of a report, whatever the names, labels and errors are that it shows. For tests. */

/** It moves the cursor, or changes the order of what stands around it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they must not occur
export const MOVES_CURSOR = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

/** It is a command to the runner of GitHub Actions, which reads the log line by line. */
export const RUNNER_COMMAND = /^\s*::[a-z-]+(?: .*)?::|##\[/i;
