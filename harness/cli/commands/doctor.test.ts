import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli } from '../program.ts';

const dir = mkdtempSync(join(tmpdir(), 'meshproof-doctor-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function doctor(
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; stderr: string; stdout: string }> {
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const code = await runCli(['doctor', ...args], {
    ...{ stdout: output('stdout'), stderr: output('stderr'), env },
    ...{ loadPipeline: () => expect.unreachable(), signals: process, killChildren: () => {} },
    exitNow: () => expect.unreachable(),
  });
  return { code, ...written };
}

/** A kubeconfig of a cluster that nobody answers for. */
async function goneKubeconfig(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const file = join(dir, 'gone');
  writeFileSync(
    file,
    JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'gone' },
      clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${port}` } }],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [{ name: 'gone', context: { cluster: 'c', user: 'u' } }],
    }),
  );
  return file;
}

describe('meshproof doctor', () => {
  it('ends with 4 where there is no cluster', async () => {
    const missing = await doctor(['--kubeconfig', join(dir, 'none')]);
    expect(missing).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('error KUBECONFIG_BAD') });
    const gone = await doctor(['--kubeconfig', await goneKubeconfig()]);
    expect(gone).toMatchObject({ code: 4, stderr: expect.stringContaining('error CLUSTER_UNREACHABLE') });
  });

  it('takes the kubeconfig that kubectl takes', async () => {
    const file = await goneKubeconfig();
    const named = await doctor([], { KUBECONFIG: `${join(dir, 'none')}:${file}` });
    expect(named.stderr).toContain('CLUSTER_UNREACHABLE');
    // The context of one file, and its cluster and user in another.
    const { clusters, users, contexts } = JSON.parse(readFileSync(file, 'utf8'));
    const common = { apiVersion: 'v1', kind: 'Config' };
    const [parts, other] = [join(dir, 'parts'), join(dir, 'other')];
    writeFileSync(parts, JSON.stringify({ ...common, clusters, users }));
    const elsewhere = [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }];
    writeFileSync(other, JSON.stringify({ ...common, clusters: elsewhere, contexts, 'current-context': 'gone' }));
    const merged = await doctor([], { KUBECONFIG: `${parts}:${other}` });
    expect(merged.stderr).toContain('CLUSTER_UNREACHABLE');
    expect(merged.stderr, 'of two of a name the first counts').toContain(
      clusters[0].cluster.server.replace('https://', ''),
    );
    const unknown = await doctor(['--context', 'staging'], { KUBECONFIG: `${parts}:${other}` });
    expect(unknown.stderr).toContain('it has no context "staging"; it has gone');
    const home = await doctor([], { HOME: dir });
    expect(home.stderr).toContain(`${join(dir, '.kube', 'config')}: there is no such file`);
  });

  it('knows a context by its name', async () => {
    const other = await doctor(['--kubeconfig', await goneKubeconfig(), '--context', 'staging']);
    expect(other).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('it has no context "staging"; it has gone'),
    });
  });

  it.each([
    [['--prometheus', 'prometheus:9090'], 'is no URL'],
    [['--prometheus-token-file', 'token'], 'credentials of a Prometheus that is not named'],
    [['--prometheus', 'http://p', '--prometheus-user', 'ann'], 'go together'],
    [['--prometheus', 'http://p', '--prometheus-token-file', '/no/such'], '--prometheus-token-file: ENOENT'],
  ])('refuses %s', async (args, message) => {
    const refused = await doctor([...args, '--kubeconfig', join(dir, 'none')]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('never prints a password that stands in a URL', async () => {
    const { stderr } = await doctor(['--prometheus', 'ftp://ann:hush@p', '--kubeconfig', join(dir, 'none')]);
    expect(stderr).toContain('is no URL');
    expect(stderr).not.toContain('hush');
  });
});
