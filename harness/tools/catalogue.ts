import type { ToolName } from '../core/tool.ts';

export type { ToolName };

/** What the resolver knows about a program. */
export interface ToolSpec {
  name: ToolName;
  /** Environment variable that names its path. */
  variable: string;
  /** Command line option that names its path; null: there is none. */
  option: string | null;
  versionArgs: string[];
  /** Finds the version in what the program prints with versionArgs. */
  printedVersion: RegExp;
  /** The oldest version that will do. */
  atLeast: string;
  install: string;
  /** null: it can't be built from a Go module. */
  go: GoBuild | null;
  release: Release;
}

/** How a program is built from a go.mod below tools/. */
export interface GoBuild {
  /** Folder of the go.mod, below tools/: '' or a name. A module of its own leaves the versions of others alone. */
  dir: string;
  module: string;
  package: string;
  tags: string[];
  /** Turns the module's version into the program's. */
  version(moduleVersion: string): string;
  /** Link-time variables that make the program name its version; a Go build leaves them empty. */
  setVersion(version: string): string[];
  /** About how long, on two cores with nothing in Go's caches. For the user, who waits. */
  usualSeconds: number;
}

/** Where a program's release is published. Places are below https://github.com. */
export interface Release {
  /** null: there is none for that platform. */
  asset(version: string, platform: ReleasePlatform): ReleaseAsset | null;
}

export interface ReleaseAsset {
  /** Folder of the release's files. */
  folder: string;
  file: string;
  /** File with the sha256 of `file`, alone or one a line with names. */
  checksums: string;
  /** Path of the program in the archive; null when the file is the program. */
  inArchive: string | null;
}

/** As Go names them. */
export interface ReleasePlatform {
  os: 'linux' | 'darwin';
  arch: 'amd64' | 'arm64';
}

/** Those that are supported. */
export const RELEASE_PLATFORMS: readonly ReleasePlatform[] = (['linux', 'darwin'] as const).flatMap((os) =>
  (['amd64', 'arm64'] as const).map((arch) => ({ os, arch })),
);

const PROMETHEUS_MODULE = 'github.com/prometheus/prometheus';

/** A program of Prometheus' module. */
function prometheusBuild(program: string, dir: string, usualSeconds: number): GoBuild {
  return {
    dir,
    module: PROMETHEUS_MODULE,
    package: `${PROMETHEUS_MODULE}/cmd/${program}`,
    // Of the ways of service discovery only Kubernetes' is wanted; without the others it builds in a third of the time.
    tags: ['remove_all_sd', 'enable_kubernetes_sd'],
    version: prometheusVersion,
    setVersion: (version) => ['-X', `github.com/prometheus/common/version.Version=${version}`],
    usualSeconds,
  };
}

/** All its programs are in one archive. */
function prometheusRelease(program: string): Release {
  return {
    asset(version, { os, arch }) {
      const name = `prometheus-${version}.${os}-${arch}`;
      return {
        folder: `prometheus/prometheus/releases/download/v${version}`,
        file: `${name}.tar.gz`,
        checksums: 'sha256sums.txt',
        inArchive: `${name}/${program}`,
      };
    },
  };
}

export const TOOLS: Record<ToolName, ToolSpec> = {
  k6: {
    name: 'k6',
    variable: 'MESHPROOF_K6',
    option: '--k6',
    versionArgs: ['version'],
    printedVersion: /\bk6(?:\.exe)? v(\d+\.\d+\.\d+)/,
    atLeast: '1.0.0',
    install: 'https://grafana.com/docs/k6/latest/set-up/install-k6/',
    go: {
      dir: '',
      module: 'go.k6.io/k6',
      package: 'go.k6.io/k6',
      tags: [],
      version: (moduleVersion) => moduleVersion.replace(/^v/, ''),
      setVersion: () => [],
      usualSeconds: 75,
    },
    release: {
      asset(version, { os, arch }) {
        const name = `k6-v${version}-${os === 'darwin' ? 'macos' : os}-${arch}`;
        return {
          folder: `grafana/k6/releases/download/v${version}`,
          file: `${name}.${os === 'darwin' ? 'zip' : 'tar.gz'}`,
          checksums: `k6-v${version}-checksums.txt`,
          inArchive: `${name}/k6`,
        };
      },
    },
  },
  prometheus: {
    name: 'prometheus',
    variable: 'MESHPROOF_PROMETHEUS',
    option: '--prometheus',
    versionArgs: ['--version'],
    printedVersion: /\bprometheus, version (\d+\.\d+\.\d+)/,
    atLeast: '2.40.0',
    install: 'https://prometheus.io/docs/prometheus/latest/installation/',
    go: prometheusBuild('prometheus', '', 150),
    release: prometheusRelease('prometheus'),
  },
  promtool: {
    name: 'promtool',
    variable: 'MESHPROOF_PROMTOOL',
    option: null,
    versionArgs: ['--version'],
    printedVersion: /\bpromtool, version (\d+\.\d+\.\d+)/,
    atLeast: '2.40.0',
    install: 'https://prometheus.io/docs/prometheus/latest/installation/',
    // Of the same modules and tags, so mostly of what Go has compiled for Prometheus already; it needs a module more.
    go: prometheusBuild('promtool', 'promtool', 150),
    release: prometheusRelease('promtool'),
  },
  kind: {
    name: 'kind',
    variable: 'MESHPROOF_KIND',
    option: '--kind',
    versionArgs: ['version'],
    printedVersion: /\bkind v(\d+\.\d+\.\d+)/,
    // The first whose node images have containerd 2, as all later ones do.
    atLeast: '0.27.0',
    install: 'https://kind.sigs.k8s.io/docs/user/quick-start/#installation',
    go: {
      dir: 'kind',
      module: 'sigs.k8s.io/kind',
      package: 'sigs.k8s.io/kind',
      tags: [],
      version: (moduleVersion) => moduleVersion.replace(/^v/, ''),
      setVersion: () => [],
      usualSeconds: 30,
    },
    release: {
      asset(version, { os, arch }) {
        const file = `kind-${os}-${arch}`;
        const folder = `kubernetes-sigs/kind/releases/download/v${version}`;
        return { folder, file, checksums: `${file}.sha256sum`, inArchive: null };
      },
    },
  },
  linkerd: {
    name: 'linkerd',
    variable: 'MESHPROOF_LINKERD',
    option: '--linkerd',
    versionArgs: ['version', '--client', '--short'],
    printedVersion: /\b((?:edge|stable|enterprise)-\d+\.\d+\.\d+)/,
    // Of the stable releases; edge releases count by year since 18 and are all later.
    atLeast: '2.12.0',
    install: 'https://linkerd.io/2/getting-started/#step-1-install-the-cli',
    // Its module needs files that its own build generates.
    go: null,
    release: {
      asset(version, { os, arch }) {
        const file = `linkerd2-cli-${version}-${os === 'darwin' && arch === 'amd64' ? os : `${os}-${arch}`}`;
        const folder = `linkerd/linkerd2/releases/download/${version}`;
        return { folder, file, checksums: `${file}.sha256`, inArchive: null };
      },
    },
  },
};

/** Prometheus' module is versioned v0.MNN.P for the release M.NN.P: v0.315.0 is 3.15.0, v0.53.1 is 2.53.1. */
export function prometheusVersion(moduleVersion: string): string {
  const [, minor = '0', patch = '0'] = moduleVersion.match(/^v0\.(\d+)\.(\d+)/) ?? [];
  const number = Number(minor);
  return number < 100 ? `2.${number}.${patch}` : `${Math.floor(number / 100)}.${number % 100}.${patch}`;
}
