import { EXIT, type ExitCode } from '../../core/errors.ts';
import { scenarioJsonSchema } from '../../scenario/json-schema.ts';
import type { CliContext } from '../context.ts';

/** `meshproof schema`: the JSON Schema of scenario files. */
export async function schema(context: CliContext): Promise<ExitCode> {
  context.stdout.write(`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`);
  return EXIT.pass;
}
