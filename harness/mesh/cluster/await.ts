import { get } from 'node:http';
import { describe } from '../../core/errors.ts';
import { waitFor } from '../../core/wait.ts';
import { PROXY_PORTS } from './contract.ts';

/**
 * postStart hook of the container `linkerd-proxy` where it is no native sidecar: ends with 0 when the proxy beside it is
 * ready, so that the kubelet starts no other container before. After two minutes it gives up, as linkerd-await does, and
 * the kubelet starts the proxy anew.
 */

const DEADLINE_MS = 120_000;
const EVERY_MS = 50;
const ATTEMPT_MS = 1000;

/** The status, or what went wrong. */
function readiness(port: number): Promise<number | string> {
  const { promise, resolve } = Promise.withResolvers<number | string>();
  const url = { host: '127.0.0.1', port, path: '/ready', agent: false };
  const request = get({ ...url, signal: AbortSignal.timeout(ATTEMPT_MS) }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  request.once('error', (error) => resolve(describe(error)));
  return promise;
}

const [port = PROXY_PORTS.admin, deadlineMs = DEADLINE_MS] = process.argv.slice(2).map(Number);
try {
  await waitFor(
    async (seen) => {
      const answer = await readiness(port);
      seen(answer);
      return answer === 200 ? true : undefined;
    },
    { what: 'the proxy is ready', deadlineMs, everyMs: EVERY_MS, hint: 'see the log of the proxy' },
  );
} catch (error) {
  console.error(describe(error));
  process.exitCode = 1;
}
