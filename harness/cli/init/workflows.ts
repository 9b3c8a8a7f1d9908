import { wrap } from '../../report/text.ts';
import type { Package } from './package.ts';
import { SCENARIO_FOLDER } from './scenario.ts';

/** What runs the scenarios for every change, by where the repository lives. */
export const CI = ['github', 'gitlab', 'none'] as const;
export type Ci = (typeof CI)[number];

export const GITHUB_FILE = '.github/workflows/meshproof.yml';
export const GITLAB_FILE = '.gitlab/meshproof.yml';
export const GITLAB_MAIN = '.gitlab-ci.yml';
/** Below the repository; ignored by git, kept by CI. */
export const RESULTS = 'results';

const EXIT_CODES = '# Its exit code is the gate: 0 pass, 1 fail, 3 inconclusive, 4 the environment failed.';

/** What is run: one package, named exactly. Another is taken on purpose, with a change that can be reviewed. */
function command({ spec }: Package): string {
  return `npx --yes ${spec} run ${SCENARIO_FOLDER} --out ${RESULTS}`;
}

/** The note of a package as comments, below those of the workflow; each line with its end. */
function noteLines({ note }: Package): string {
  return note === ''
    ? ''
    : wrap(note, COMMENT_WIDTH)
        .map((line) => `# ${line}\n`)
        .join('');
}

const COMMENT_WIDTH = 118;

/** A workflow of GitHub Actions. */
export function githubWorkflow(version: string, source: Package): string {
  return `# Proves with each change that what Prometheus says about the mesh is true. Written by \`meshproof init\`.
${noteLines(source)}name: meshproof
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
concurrency:
  group: meshproof-\${{ github.ref }}
  cancel-in-progress: true
jobs:
  telemetry:
    runs-on: ubuntu-latest
    timeout-minutes: 20
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 24
      - name: Cache meshproof, k6 and Prometheus
        uses: actions/cache@v4
        with:
          path: |
            ~/.npm
            ~/.cache/meshproof
          key: meshproof-${version}-\${{ runner.os }}-\${{ runner.arch }}
      - name: Run the scenarios
        ${EXIT_CODES}
        run: ${command(source)}
      - name: Show the summary
        if: \${{ !cancelled() }}
        run: cat ${RESULTS}/*/summary.md >> "$GITHUB_STEP_SUMMARY" || true
      - name: Keep the results
        if: \${{ !cancelled() }}
        uses: actions/upload-artifact@v4
        with:
          name: meshproof
          path: ${RESULTS}
          if-no-files-found: ignore
          retention-days: 14
`;
}

/** A job of GitLab CI. GitLab has no summary of a job: the merge request shows the cases, and the log the summary. */
export function gitlabJob(version: string, source: Package): string {
  return `# Proves with each change that what Prometheus says about the mesh is true. Written by \`meshproof init\`.
${noteLines(source)}meshproof:
  image: node:24
  timeout: 20 minutes
  variables:
    npm_config_cache: $CI_PROJECT_DIR/.npm
    XDG_CACHE_HOME: $CI_PROJECT_DIR/.cache
  cache:
    key: meshproof-${version}
    paths: [.npm/, .cache/]
  script:
    ${EXIT_CODES}
    - ${command(source)}
  after_script:
    - cat ${RESULTS}/*/summary.md || true
  artifacts:
    when: always
    expose_as: meshproof
    paths: [${RESULTS}/]
    reports:
      junit: ${RESULTS}/*/junit.xml
    expire_in: 2 weeks
`;
}

/** The pipeline of a repository that has none yet. */
export const GITLAB_MAIN_TEXT = `include:
  - local: ${GITLAB_FILE}
`;
