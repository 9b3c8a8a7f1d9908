/**
 * Commands of documents that no test runs: they are parsed, with their values. A command that is in neither this list nor a document
 * that is played is an error, so that whoever writes one runs it or says why not.
 */
export const ONLY_PARSED: readonly { because: string; commands: readonly string[] }[] = [
  {
    because: 'a cluster',
    commands: [
      'doctor',
      'doctor --context staging --namespace shop',
      'doctor --json',
      'doctor --prometheus https://prometheus.example --prometheus-token-file token',
      'run --environment kind --mesh simulated --reuse',
      'run baseline-20s.yaml --environment kind',
      'run baseline-20s.yaml --environment kind --reuse',
      'run my.yaml --environment kind --reuse',
      'run scenarios/ --environment kind',
      'run scenarios/ --environment kind --reuse --mesh linkerd',
      'run scenarios/ --environment kind --reuse --mesh simulated',
      'run scenarios/baseline.yaml --environment kind',
      'upgrade --from stable-2.14.10 --to edge-26.8.1 --environment kind --from-cluster',
      'upgrade --from stable-2.14.10 --to edge-26.8.1 --environment kind --rules rules/',
    ],
  },
  {
    because: 'minutes; upgrades have tests of their own',
    commands: [
      'upgrade --from $FROM --to $TO --rules rules --dashboards grafana --out results',
      'upgrade --from $FROM --to $TO --rules rules/ --dashboards grafana/ --out results',
      'upgrade --from 2.17 --to 2.18',
      'upgrade --from 2.17 --to 2.18 --rules rules/ --dashboards grafana/',
      'upgrade --from 2.18 --to 2.20 --from-prometheus https://prometheus.example --from-prometheus-token-file token',
      'upgrade --from 2.18 --to 2.20 --from-prometheus-token-file token --from-prometheus https://prometheus.example',
      'upgrade --from 2.18 --to 2.20 --rules rules/ --dashboards grafana/',
      'upgrade --from 2.19 --to 2.20 --repeat 6 --max-latency-increase 10%',
      'upgrade --from 2.19 --to 2.20 diamond --rules rules/ --dashboards grafana/',
      'upgrade --prometheus-from ~/prometheus-2.42/prometheus --prometheus-to ~/prometheus-3/prometheus --rules rules/',
      'upgrade --prometheus-from ~/prometheus-2.42/prometheus --rules rules.yaml',
      'upgrade --prometheus-from ~/prometheus-2.42/prometheus --rules rules/',
    ],
  },
  {
    because: 'minutes to hours; benchmarks have tests of their own',
    commands: [
      'bench capacity --at-least 200/s --side meshed',
      'bench capacity --p99 250ms',
      'bench capacity --p99 250ms --side meshed --no-curve --measure 15s --warmup 5s',
      'bench capacity --resume results/20260102T030405Z-9f3a1c',
      'bench capacity my.yaml --of shop/web --p99 100ms --success-rate 99.9%',
      'bench capacity my.yaml --p99 250ms',
      'bench capacity my.yaml --p99 250ms --success-rate 99.9%',
      'bench capacity scenarios/bench/throttled.yaml --p99 250ms',
      'bench scrape',
      'bench scrape --model results/20260102T030405Z-9f3a1c --pods 800',
      'bench scrape --model results/20260102T030405Z-9f3a1c --pods 800 --edges 20 --interval 30s',
      'bench scrape --pods 5000 --edges 8 --interval 10s',
      'bench scrape --targets 100,200,400 --series 500,1000 --every 5s,10s --duration 40s --pods 1000',
      'bench scrape --targets 1000 --series 1000 --every 10s --duration 5m',
      'bench scrape --targets 1000 --series 1000 --every 10s --duration 5m --no-accuracy --no-families',
    ],
  },
  {
    because: 'downloads, or programs that are there',
    commands: ['tools', 'tools k6 prometheus', 'tools kind linkerd'],
  },
  {
    because: 'records of earlier runs; howto/ci.md is played with some',
    commands: [
      'compare 20260102T030405Z-9f3a1c 20260103T101112Z-0b55e7',
      'compare 20261123T003502Z-273ce8 20261123T004215Z-7de275',
      'compare before/ after/ --fail-on-difference',
      'compare before/capacity.json after/capacity.json --fail-on-difference',
      'compare results/old results/new --reporter markdown',
      'report monday/ tuesday/ --out week.html',
      'report results/',
      'report results/20260102T030405Z-9f3a1c --open',
      'report results/20260102T030405Z-9f3a1c --reporter html,junit',
      'report results/20260102T030405Z-9f3a1c/baseline',
    ],
  },
  {
    because: 'it goes on until Ctrl-C',
    commands: ['run baseline --keep', 'run my.yaml --seed 42 --keep'],
  },
  {
    because: 'all scenarios that ship, which suite.integration.test.ts runs; `baseline` is what `make demo` runs',
    commands: [
      'run baseline',
      'run scenarios/ --parallel 2 --out /tmp/results',
      'run scenarios/ --parallel 2 --out results',
    ],
  },
  {
    because: 'a package that the reader makes or names',
    commands: ['init --package ../meshproof/meshproof-0.1.0.tgz', 'init --package github:owner/meshproof#v0.1.0'],
  },
  {
    because: 'it ends what other runs on this machine left',
    commands: ['clean'],
  },
  {
    because: "a repository of the reader's; howto/ci.md is played with the usual one",
    commands: ['init --ci none', 'init ~/shop --ci gitlab'],
  },
  {
    because: "files of the reader's",
    commands: ['run my.yaml --k6 ~/bin/k6 --prometheus ~/bin/prometheus', 'validate my.yaml'],
  },
  {
    because: 'minutes; the matrix of faults runs with `make faults`',
    commands: [
      'faults',
      'faults --environment local --repeat 3 --clean 100 --pairs 30 --seed 2026 --parallel 4',
      'faults --pairs 30 --parallel 4',
      'faults admin-port-renamed --repeat 3',
      'faults discovery scrapes --clean 0 --seed 7',
    ],
  },
];

/** Pages that are made from the catalogue: `make faults` runs each of their cases, and their scenarios. */
export const RUN_BY_MATRIX = /^docs\/causes\//;
