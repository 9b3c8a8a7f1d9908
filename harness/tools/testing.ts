import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ToolOptions } from './resolve.ts';

/** A machine of one's own: an empty PATH, home and cache, and a go.mod. Gone when the test is over. */
export function standInMachine() {
  const root = mkdtempSync(join(tmpdir(), 'meshproof-tools-'));
  const folder = (name: string) => {
    const path = join(root, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const bin = folder('bin');
  const toolsDir = folder('tools');
  const said: string[] = [];
  writeFileSync(
    join(toolsDir, 'go.mod'),
    [
      'module example.org/tools',
      'tool go.k6.io/k6',
      'require (',
      '\tgithub.com/prometheus/prometheus v0.315.0 // indirect',
      '\tgithub.com/prometheus/prometheus-other v0.1.0',
      '\tgo.k6.io/k6 v1.8.1 // indirect',
      ')',
    ].join('\n'),
  );
  writeFileSync(join(toolsDir, 'go.sum'), 'sums\n');
  writeFileSync(join(folder('tools/kind'), 'go.mod'), 'module x\nrequire sigs.k8s.io/kind v0.33.0\n');
  writeFileSync(join(toolsDir, 'kind', 'go.sum'), 'sums\n');
  const promtool = 'module y\nrequire github.com/prometheus/prometheus v0.315.0\n';
  writeFileSync(join(folder('tools/promtool'), 'go.mod'), promtool);
  writeFileSync(join(toolsDir, 'promtool', 'go.sum'), 'sums\n');
  writeFileSync(join(folder('kind-config'), 'versions.yaml'), 'linkerd: { version: edge-26.8.3 }\n');
  const options: ToolOptions = {
    // The shell of the stand-ins is at a fixed path; nothing else of this machine can be found, its Docker included.
    env: {
      PATH: [join(root, 'not-there'), bin].join(':'),
      XDG_CACHE_HOME: join(root, 'cache'),
      HOME: root,
      DOCKER_HOST: 'tcp://docker.invalid:2375',
      // Nobody listens there.
      MESHPROOF_RELEASES: 'http://127.0.0.1:2',
    },
    toolsDir,
    progress: (line) => said.push(line),
  };
  return {
    root,
    bin,
    toolsDir,
    said,
    options,
    folder,
    /** Writes a shell script; default place: the folder on PATH. */
    program(name: string, body: string, dir = bin): string {
      const path = join(dir, name);
      writeFileSync(path, `#!/bin/sh\n${body}\n`);
      chmodSync(path, 0o755);
      return path;
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

export const prints = (text: string) => `echo '${text}'`;
