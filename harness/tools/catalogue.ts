import type { ResolvedTool } from '../core/tool.ts';

export type ToolName = ResolvedTool['name'];

/** What the resolver knows about a program. */
export interface ToolSpec {
  name: ToolName;
  /** Environment variable that names its path. */
  variable: string;
  versionArgs: string[];
  /** Finds the version in what the program prints with versionArgs. */
  printedVersion: RegExp;
  /** The oldest version that will do. */
  atLeast: string;
  install: string;
  go: GoBuild;
}

/** How a program is built from tools/go.mod. */
export interface GoBuild {
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

const PROMETHEUS_MODULE = 'github.com/prometheus/prometheus';

export const TOOLS: Record<ToolName, ToolSpec> = {
  k6: {
    name: 'k6',
    variable: 'MESHPROOF_K6',
    versionArgs: ['version'],
    printedVersion: /\bk6(?:\.exe)? v(\d+\.\d+\.\d+)/,
    atLeast: '1.0.0',
    install: 'https://grafana.com/docs/k6/latest/set-up/install-k6/',
    go: {
      module: 'go.k6.io/k6',
      package: 'go.k6.io/k6',
      tags: [],
      version: (moduleVersion) => moduleVersion.replace(/^v/, ''),
      setVersion: () => [],
      usualSeconds: 75,
    },
  },
  prometheus: {
    name: 'prometheus',
    variable: 'MESHPROOF_PROMETHEUS',
    versionArgs: ['--version'],
    printedVersion: /\bprometheus, version (\d+\.\d+\.\d+)/,
    atLeast: '2.40.0',
    install: 'https://prometheus.io/docs/prometheus/latest/installation/',
    go: {
      module: PROMETHEUS_MODULE,
      package: `${PROMETHEUS_MODULE}/cmd/prometheus`,
      // Of the ways of service discovery only Kubernetes' is wanted; without the others it builds in a third of the time.
      tags: ['remove_all_sd', 'enable_kubernetes_sd'],
      version: prometheusVersion,
      setVersion: (version) => ['-X', `github.com/prometheus/common/version.Version=${version}`],
      usualSeconds: 150,
    },
  },
};

/** Prometheus' module is versioned v0.MNN.P for the release M.NN.P: v0.315.0 is 3.15.0, v0.53.1 is 2.53.1. */
export function prometheusVersion(moduleVersion: string): string {
  const [, minor = '0', patch = '0'] = moduleVersion.match(/^v0\.(\d+)\.(\d+)/) ?? [];
  const number = Number(minor);
  return number < 100 ? `2.${number}.${patch}` : `${Math.floor(number / 100)}.${number % 100}.${patch}`;
}
