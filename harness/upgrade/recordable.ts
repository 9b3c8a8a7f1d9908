import { join } from 'node:path';
import { describe } from '../core/errors.ts';
import { addressOptions, claimAddresses } from '../environment/local/addresses.ts';
import type { UpgradeOptions } from './options.ts';
import { withoutRefused } from './queries/index.ts';
import type { Sides } from './sides.ts';
import type { QueryInputs } from './types.ts';

const PORT = 9090;

/**
 * The inputs, their recording rules seen by the Prometheus of both sides; what that refuses is a problem, and said. Where it can't
 * be asked (a cluster brings its own, and this machine may have none) they stay as they are: each run says what it can't load.
 */
export async function recordable(inputs: QueryInputs, options: UpgradeOptions, sides: Sides): Promise<QueryInputs> {
  const { runDir, signal, progress } = options;
  if (!inputs.queries.some(({ records }) => records !== '')) return inputs;
  try {
    const tools = [await sides.of('before')('prometheus'), await sides.of('after')('prometheus')];
    await using space = await claimAddresses(addressOptions(process.env));
    const listen = await space.listen(space.hostIp, PORT);
    return await withoutRefused(inputs, { tools, listen, dir: join(runDir, 'rules'), signal });
  } catch (error) {
    signal.throwIfAborted();
    progress.note(`the recording rules were not looked at before the runs: ${describe(error).split('\n')[0]}`);
    return inputs;
  }
}
