import { read } from './files.ts';

/** A document whose `console` blocks are run as they stand: by a test, and by `npm run docs`, which renews their outputs. */
export interface PlayedDocument {
  path: string;
  /** What runs in place of what only a checkout of one's own can run. */
  instead?: (command: string) => string;
}

export const PLAYED: PlayedDocument[] = [
  { path: 'README.md', instead: ofCheckout },
  { path: 'docs/tutorial.md' },
  { path: 'docs/howto/scenarios.md' },
  { path: 'docs/howto/ci.md' },
  { path: 'docs/air-gapped.md' },
];

/** `make demo` would install packages first; what it then runs stands in the Makefile. `bin/meshproof` is on the PATH. */
function ofCheckout(command: string): string {
  const target = /^make ([a-z-]+)$/.exec(command)?.[1];
  if (!target) return command.replace(/^bin\/meshproof /, 'meshproof ');
  const recipe = new RegExp(`^${target}:.*\\n\\t@\\$\\(NODE\\) harness/cli/main\\.ts (.*)$`, 'm').exec(
    read('Makefile'),
  )?.[1];
  if (recipe === undefined) throw new Error(`the Makefile has no ${target} that runs meshproof`);
  return `meshproof ${recipe}`;
}
