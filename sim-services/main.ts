/**
 * The synthetic services: `node main.ts` with MESHPROOF_SERVICE_CONFIG naming a ServiceProcessConfig (contract.ts) in JSON.
 * When everything listens it prints one JSON line and, if it has a channel to its parent, sends `{ type: 'ready' }`.
 */
import { writeSync } from 'node:fs';
import { readConfig } from './config.ts';
import { SERVICE_ENV } from './contract.ts';
import { EXIT, ServiceFailure } from './failure.ts';
import { asPod } from './in-pod.ts';
import { Services } from './services.ts';

/** One JSON line on stderr for whoever watches, synchronously: the process is about to end. */
function die(error: unknown): never {
  const failure =
    error instanceof ServiceFailure
      ? error
      : new ServiceFailure('UNEXPECTED', EXIT.software, error instanceof Error ? (error.stack ?? '') : String(error));
  const line = JSON.stringify({ code: failure.code, message: failure.message, ...failure.details });
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // Nobody listens; the exit code still tells.
  }
  process.exit(failure.exitCode);
}

process.on('uncaughtException', die);

let ending = false;
let services: Services | null = null;

function end(): void {
  if (ending) return;
  ending = true;
  if (!services) process.exit(EXIT.ok);
  services.drain().then(() => process.exit(EXIT.ok), die);
}

process.on('SIGTERM', end);
process.on('SIGINT', end);
// The parent is gone: nobody will ask for the rest.
function orphaned(): never {
  services?.stop();
  process.exit(EXIT.ok);
}

process.on('disconnect', orphaned);
// It may have died before anybody listened to that.
if (process.send && !process.connected) orphaned();

try {
  services = await Services.start(asPod(readConfig(process.env[SERVICE_ENV.config]), process.env), die);
  process.stdout.write(`${JSON.stringify({ ready: true, pods: services.pods })}\n`);
  process.send?.({ type: 'ready' });
} catch (error) {
  die(error);
}
