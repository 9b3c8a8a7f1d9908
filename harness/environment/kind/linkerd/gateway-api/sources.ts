import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printed, runCommand } from '../../../../core/run-command.ts';
import { searchPath } from '../../../../core/search-path.ts';

const FETCH_DEADLINE_MS = 30_000;
const GO_DEADLINE_MS = 120_000;
const MODULE = 'sigs.k8s.io/gateway-api';

/** What versions.yaml says about the Gateway API. */
export interface GatewayApiPin {
  version: string;
  /** Of the release's file, https. */
  manifest: string;
  /** Digest of the definitions; null: not known. */
  sha256: string | null;
}

export interface SourceContext {
  env: NodeJS.ProcessEnv;
  fetch: typeof fetch;
  signal: AbortSignal;
}

/** One way to come by a release's manifest. Throws an Error saying why it has none. */
export interface Source {
  name(pin: GatewayApiPin): string;
  read(pin: GatewayApiPin, context: SourceContext): Promise<string>;
}

/** The release's own file. */
export const release: Source = {
  name: (pin) => pin.manifest,
  async read(pin, { fetch, signal }) {
    const deadline = AbortSignal.timeout(FETCH_DEADLINE_MS);
    try {
      const response = await fetch(pin.manifest, { signal: AbortSignal.any([signal, deadline]) });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return await response.text();
    } catch (error) {
      signal.throwIfAborted();
      // fetch says what went wrong in the cause only.
      const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
      throw new Error(cause?.message || cause?.code || (error as Error).message, { cause: error });
    }
  },
};

/** The same files in the Go module of the release: Go's proxy has it where GitHub is not reached, and Go verifies it. */
export const goModule: Source = {
  name: (pin) => `Go module ${MODULE}@${pin.version}`,
  async read(pin, { env, signal }) {
    const [go] = searchPath('go', env);
    if (!go) throw new Error('there is no go on PATH');
    const folder = join(await moduleFolder(go, pin.version, env, signal), 'config', 'crd', 'standard');
    const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort();
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    return texts.join('\n---\n');
  },
};

async function moduleFolder(go: string, version: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string> {
  // Outside any module, so that no go.mod of the user's has a say.
  const cwd = await mkdtemp(join(tmpdir(), 'meshproof-go-'));
  try {
    const output = await runCommand(go, ['mod', 'download', '-json', `${MODULE}@${version}`], {
      cwd,
      env: { ...env, GOFLAGS: '', GOWORK: 'off', GOTOOLCHAIN: 'local' },
      deadlineMs: GO_DEADLINE_MS,
      signal,
    });
    const said = parsed(output.stdout);
    if (output.code === 0 && said.Dir) return said.Dir;
    throw new Error(said.Error || output.error?.message || printed(output) || `exit code ${output.code}`);
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

function parsed(text: string): { Dir?: string; Error?: string } {
  try {
    return JSON.parse(text) as { Dir?: string; Error?: string };
  } catch {
    return {};
  }
}
