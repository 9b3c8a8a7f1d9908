/**
 * Runs k6 where it has to be, in a pod of the mesh, for a harness that is elsewhere: core/load-agent.ts has its HTTP API and
 * its environment. When it listens it prints `{"ready":true,"port":...}`. SIGTERM and SIGINT end k6, then the agent.
 */
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { AGENT_ENV, AGENT_PORT } from '../../core/load-agent.ts';
import { Jobs } from './jobs.ts';
import { createAgent } from './server.ts';

const STOP_GRACE_MS = 1000;

const k6 = process.env[AGENT_ENV.k6] ?? '/usr/bin/k6';
const jobs = new Jobs(k6, process.env[AGENT_ENV.workDir] ?? tmpdir());
const server = createAgent(jobs, k6);

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await jobs.stop(STOP_GRACE_MS);
  // Nothing is left to do then, so the process ends.
  server.close();
  server.closeAllConnections();
}

process.on('SIGTERM', end);
process.on('SIGINT', end);

// All addresses: the API server comes from outside of the pod.
server.listen(Number(process.env[AGENT_ENV.port] ?? AGENT_PORT), () => {
  process.stdout.write(`${JSON.stringify({ ready: true, port: (server.address() as AddressInfo).port })}\n`);
});
