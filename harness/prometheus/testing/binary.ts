import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { HarnessError } from '../../core/errors.ts';

export async function freePort(host: string): Promise<number> {
  const probe = createServer().listen(0, host);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** The program named by MESHPROOF_PROMETHEUS, or `prometheus` on the PATH. @throws HarnessError PROMETHEUS_MISSING */
export function prometheusBinary(): string {
  const given = process.env.MESHPROOF_PROMETHEUS;
  const candidates = given
    ? [given]
    : (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'prometheus'));
  const found = candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (found) return found;
  throw new HarnessError(
    'PROMETHEUS_MISSING',
    given ? `MESHPROOF_PROMETHEUS=${given} can't be run` : 'no prometheus on the PATH',
    {
      hint: 'set MESHPROOF_PROMETHEUS to the path of a Prometheus 3 binary',
    },
  );
}
