import { compareFiles } from '../../bench/compare/index.ts';
import { EXIT, type ExitCode } from '../../core/errors.ts';
import { comparisonBlocks } from '../../report/bench/compare.ts';
import { blocksToMarkdown, blocksToTerminal } from '../../report/bench/document.ts';
import type { Comparison } from '../../result/bench/types.ts';
import { type CliContext, coloursIn, widthOf } from '../context.ts';
import type { CompareReporter } from '../declare/compare.ts';

export interface CompareArguments {
  reporter: CompareReporter;
  out: string;
  failOnDifference?: boolean;
}

/** `meshproof compare`: two results side by side, and what of their differences exceeds the noise. */
export async function compare(a: string, b: string, args: CompareArguments, context: CliContext): Promise<ExitCode> {
  const comparison = await compareFiles(a, b, args.out);
  context.stdout.write(textOf(comparison, args.reporter, context));
  const worse = comparison.rows.some(({ says, direction }) => says === 'differs' && direction === 'worse');
  return args.failOnDifference && worse ? EXIT.fail : EXIT.pass;
}

function textOf(comparison: Comparison, reporter: CompareReporter, { stdout, env }: CliContext): string {
  switch (reporter) {
    case 'json':
      return `${JSON.stringify(comparison, null, 2)}\n`;
    case 'markdown':
      return blocksToMarkdown(comparisonBlocks(comparison));
    case 'terminal':
      return blocksToTerminal(comparisonBlocks(comparison), {
        color: coloursIn(stdout, env),
        width: widthOf(stdout),
      });
  }
}
