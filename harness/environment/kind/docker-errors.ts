import { HarnessError } from '../../core/errors.ts';
import type { CommandOutput } from '../../core/run-command.ts';

const LINES = 6;

/** There is no CLI. */
export function dockerAbsent(): HarnessError {
  return new HarnessError('DOCKER_ABSENT', 'there is no docker on PATH', {
    hint: 'install Docker (https://docs.docker.com/engine/install/); the environment `local` needs none',
  });
}

/** What a command of the CLI that failed says about the engine, or else about itself. */
export function dockerError(args: readonly string[], output: CommandOutput): HarnessError {
  const said = lastLines(output.stderr || output.stdout) || output.error?.message || `exit code ${output.code}`;
  const engine = engineError(output.stderr);
  if (engine) return engine;
  return new HarnessError('DOCKER_FAILED', `docker ${shown(args)} failed: ${said}`, {
    hint: 'try the command by hand; `docker info` tells how the engine is',
    cause: output.error,
  });
}

/** Messages of the CLI, of Docker 20 to 29: the wording of 29 has "docker API" where earlier ones have "Docker daemon". */
function engineError(stderr: string): HarnessError | null {
  const line = (pattern: RegExp) => stderr.split('\n').find((text) => pattern.test(text));
  const refused = line(/permission denied while trying to connect|dial unix \S+: connect: permission denied/i);
  if (refused) {
    const socket = refused.match(/unix:\/\/(\S+?)[:,;]?(?:\s|$)/)?.[1] ?? 'its socket';
    return new HarnessError('DOCKER_NO_PERMISSION', `Docker's engine may not be used by this user: ${refused.trim()}`, {
      hint: `join the group that owns ${socket} (sudo usermod -aG docker "$USER", then log in again), run with sudo, or name another engine by DOCKER_HOST`,
    });
  }
  const gone = line(/cannot connect to the docker daemon|failed to connect to the docker api|error during connect/i);
  if (gone) {
    return new HarnessError('DOCKER_NOT_RUNNING', `Docker's engine does not answer: ${gone.trim()}`, {
      hint: 'start it (sudo systemctl start docker, or Docker Desktop), or name another one by DOCKER_HOST',
    });
  }
  return null;
}

function shown(args: readonly string[]): string {
  const line = args.join(' ').replaceAll(/\s+/g, ' ');
  return line.length > 160 ? `${line.slice(0, 160)}...` : line;
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-LINES).join('\n');
}
