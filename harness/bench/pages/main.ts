import { describe, HarnessError } from '../../core/errors.ts';
import type { GeneratorCommand, GeneratorNotice, GeneratorReply } from './contract.ts';
import { type Fleet, startFleet } from './fleet.ts';

/** The generator's process: a GeneratorReply for each GeneratorCommand. Ends on `stop`, SIGTERM, or its parent's death. */

let starting: Promise<Fleet> | null = null;
let ending: Promise<void> | null = null;

async function handle(command: GeneratorCommand): Promise<unknown> {
  switch (command.type) {
    case 'start': {
      if (starting) throw new HarnessError('FLEET_RUNNING', 'it runs already', { hint: 'start it once a process' });
      starting = startFleet(command.config);
      const fleet = await starting;
      fleet.onChange((change) => send({ type: 'change', change }));
      return fleet.pods();
    }
    case 'statistics': {
      const fleet = await starting;
      if (!fleet)
        throw new HarnessError('FLEET_NOT_STARTED', 'it has not been started', { hint: 'send `start` first' });
      return fleet.statistics();
    }
    case 'stop':
      return stop();
  }
}

function send(message: GeneratorReply | GeneratorNotice, sent?: () => void): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => sent?.());
}

function stop(): Promise<void> {
  ending ??= (async () => {
    const fleet = await starting?.catch(() => null);
    await fleet?.[Symbol.asyncDispose]();
  })();
  return ending;
}

/** With the fleet gone and the channel closed nothing keeps the process: it ends by itself. */
async function end(): Promise<void> {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 2000).unref();
  await stop();
  if (process.connected) process.disconnect();
}

process.on('message', async (command: GeneratorCommand) => {
  const { id } = command;
  try {
    const value = await handle(command);
    const ended = command.type === 'stop' ? () => void end() : undefined;
    send({ id, ok: true, ...(value === undefined ? {} : { value }) }, ended);
  } catch (error) {
    const known = error instanceof HarnessError ? error : { code: 'FLEET_FAILED', hint: "see the generator's log" };
    if (!(error instanceof HarnessError)) console.error(error);
    send({ id, ok: false, error: { code: known.code, message: describe(error), hint: known.hint } });
  }
});
process.on('disconnect', () => void end());
process.on('SIGTERM', () => void end());
// Our parent may have died before anybody listened to that.
if (process.send && !process.connected) void end();
// Ctrl-C reaches the whole group; our parent decides what it means.
process.on('SIGINT', () => {});
