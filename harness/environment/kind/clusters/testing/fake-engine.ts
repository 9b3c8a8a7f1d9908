import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HarnessError } from '../../../../core/errors.ts';
import { registerRun } from '../../../../core/registry.ts';
import type { CommandOutput } from '../../../../core/run-command.ts';
import type { KindOptions } from '../../../contract.ts';
import type { StepContext } from '../../contract.ts';
import type { Docker } from '../../docker.ts';
import { OWNER_MOUNT } from '../owner.ts';

/** What is said of a container; kind's stand-in writes one for each node it makes. */
export interface FakeNode {
  id: string;
  name: string;
  cluster: string;
  state: string;
  image: string;
  mounts: string[];
  /** The API answers. */
  answers: boolean;
  marked: boolean;
}

/** kind: `create` makes a node, says so in `calls`, and then does what `after-create` says; `export` writes a kubeconfig. */
const KIND = (root: string) => `
say() { echo "$*" >> ${root}/calls; }
say "kind $*"
action=$1
while [ $# -gt 0 ]; do
  case $1 in --name) name=$2 ;; --kubeconfig) kubeconfig=$2 ;; --config) config=$2 ;; --image) image=$2 ;; esac
  shift
done
case $action in
create)
  mount=$(grep -q 'containerPath: ${OWNER_MOUNT}' "$config" && echo '"${OWNER_MOUNT}"')
  cp "$config" ${root}/config.yaml
  printf '{"id":"%s","name":"%s","cluster":"%s","state":"running","image":"id-of-%s","mounts":[%s],"answers":true,"marked":false}' \\
    "id$$" "$name-control-plane" "$name" "$image" "$mount" > "${root}/nodes/id$$"
  echo "server of id$$" > "$kubeconfig"
  if [ -e ${root}/after-create ]; then . ${root}/after-create; fi ;;
export) echo "exported" > "$kubeconfig" ;;
esac
`;

/** An engine, a kind and a cache of one's own. Gone when the test is over. */
export function fakeEngine() {
  const root = mkdtempSync(join(tmpdir(), 'meshproof-clusters-'));
  const before = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = join(root, 'cache');
  mkdirSync(join(root, 'nodes'));
  const kind = join(root, 'kind');
  writeFileSync(kind, `#!/bin/sh\n${KIND(root)}`);
  chmodSync(kind, 0o755);
  const docker = new FakeDocker(root);
  let runs = 0;
  return {
    root,
    docker,
    notes: [] as string[],
    /** What kind's stand-in does, as shell, when it has made the node. */
    afterCreate: (script: string) => writeFileSync(join(root, 'after-create'), `${script}\n`),
    calls: () => (existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : []),
    config: () => readFileSync(join(root, 'config.yaml'), 'utf8'),
    context(options: Partial<KindOptions> = {}, signal = new AbortController().signal): StepContext {
      const registration = registerRun({ runId: `run-${++runs}`, dir: join(root, 'runs') });
      return {
        runId: registration.runId,
        dir: join(root, 'results'),
        registration,
        signal,
        docker,
        versions: { kind: { nodeImages: [{ name: 'pinned/node:2' }, { name: 'pinned/node:1' }] } },
        options: { reuse: false, nodeImage: null, registryMirror: null, ...options },
        note: (line: string) => void this.notes.push(line),
        progress: () => {},
        tool: async () => ({ name: 'kind', path: kind, version: '0.33.0', source: 'given' }),
      } as unknown as StepContext;
    },
    registered: (context: StepContext): string[] =>
      JSON.parse(readFileSync(context.registration.file, 'utf8')).clusters as string[],
    [Symbol.dispose]() {
      if (before === undefined) delete process.env.XDG_CACHE_HOME;
      else process.env.XDG_CACHE_HOME = before;
      rmSync(root, { recursive: true, force: true });
    },
  };
}

class FakeDocker implements Docker {
  readonly version = 'fake';
  /** Images in the local store. */
  images = new Set(['pinned/node:1']);
  /** Images in the registry. */
  registry = new Set<string>();
  /** They bring kind's pod network. */
  kindnet = false;
  /** How often removing fails, as a busy engine's does. */
  stubborn = 0;
  thawed = 0;
  /** How often a look at a container fails that is listed, as while an engine is making it. */
  unborn = 0;
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  nodes(): FakeNode[] {
    const dir = join(this.#root, 'nodes');
    return readdirSync(dir).map((file) => JSON.parse(readFileSync(join(dir, file), 'utf8')) as FakeNode);
  }

  put(node: Partial<FakeNode> & { cluster: string }): FakeNode {
    const id = node.id ?? `id-${node.cluster}`;
    const defaults = { name: `${node.cluster}-control-plane`, state: 'running', image: 'id-of-pinned/node:1' };
    const whole: FakeNode = { id, ...defaults, mounts: [OWNER_MOUNT], answers: true, marked: true, ...node };
    writeFileSync(join(this.#root, 'nodes', id), JSON.stringify(whole));
    return whole;
  }

  #change(name: string, change: Partial<FakeNode>): CommandOutput {
    const node = this.nodes().find((n) => n.name === name)!;
    this.put({ ...node, ...change });
    return ok();
  }

  async run(args: string[]): Promise<CommandOutput> {
    const line = args.join(' ');
    if (args[0] === 'ps') {
      const cluster = line.match(/cluster=(\S+)/)![1];
      return ok(
        this.nodes()
          .filter((node) => node.cluster === cluster)
          .map((node) => `${node.id}\n`)
          .join(''),
      );
    }
    if (args[0] === 'inspect') {
      if (this.unborn-- > 0) return { ...failed('Error: No such container'), stdout: '[]\n' };
      return ok(
        JSON.stringify(
          this.nodes()
            .filter((n) => args.includes(n.id))
            .map(inspected),
        ),
      );
    }
    if (args[0] === 'rm') {
      if (this.stubborn-- > 0) return failed('tried to kill container, but did not receive an exit event');
      for (const id of args.slice(3)) rmSync(join(this.#root, 'nodes', id));
      return ok();
    }
    if (args[0] === 'run') {
      this.thawed++;
      return ok();
    }
    if (args[0] === 'start') return this.#change(args[1]!, { state: 'running' });
    if (args[0] === 'unpause') return this.#change(args[1]!, { state: 'running' });
    if (args[0] === 'exec') return this.#exec(args[1]!, args.slice(2).join(' '));
    throw new Error(`unexpected: docker ${line}`);
  }

  #exec(container: string, command: string): CommandOutput {
    const node = this.nodes().find((n) => n.name === container);
    if (node?.state !== 'running') return failed('container is not running');
    if (command.startsWith('cat ')) return ok(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
    if (!node.answers) return failed('connection refused');
    if (command.includes('get configmap')) return node.marked ? ok() : failed('Error from server (NotFound): x');
    if (command.startsWith('sh -c printf')) return this.#change(container, { marked: true });
    if (command.includes('wait --for=condition=Ready')) return ok();
    throw new Error(`unexpected: docker exec ${command}`);
  }

  async text(args: string[]): Promise<string> {
    const output = await this.run(args);
    if (output.code === 0) return output.stdout;
    throw new HarnessError('DOCKER_FAILED', output.stderr, { hint: '' });
  }

  exec(container: string, argv: string[]): Promise<string> {
    return this.text(['exec', container, ...argv]);
  }

  async imageId(name: string): Promise<string | null> {
    return this.images.has(name) ? `id-of-${name}` : null;
  }

  async localName(name: string): Promise<string | null> {
    return this.images.has(name) ? name : null;
  }

  async pull(name: string, options: { mirror?: string | null } = {}): Promise<void> {
    if (!this.registry.has(`${options.mirror ?? ''}${name}`)) throw new Error('manifest unknown');
    this.images.add(name);
  }

  async copyFromImage(): Promise<boolean> {
    return this.kindnet;
  }

  async build(): Promise<void> {}
  async tag(): Promise<void> {}
}

const ok = (stdout = ''): CommandOutput => ({ code: 0, stdout, stderr: '' });
const failed = (stderr: string): CommandOutput => ({ code: 1, stdout: '', stderr });

function inspected(node: FakeNode) {
  return {
    Id: node.id,
    Name: `/${node.name}`,
    Image: node.image,
    State: { Status: node.state },
    Config: { Labels: { 'io.x-k8s.kind.role': 'control-plane' } },
    Mounts: node.mounts.map((Destination) => ({ Destination })),
  };
}
