/** What the command line says at length: first steps, and examples below each command's help; 80 columns. */

export const FIRST_STEPS = `meshproof proves that what Prometheus says about a Linkerd mesh is true.

Try it: a mesh of processes on this machine, traffic, and a verdict
  meshproof run baseline                      half a minute; no cluster, no root
  meshproof list                              the other scenarios that ship

Write your own
  meshproof init                              a first scenario and a CI workflow
                                              here; overwrites nothing

Look at your cluster: what keeps its metrics from being true
  meshproof doctor                            reads, and changes nothing

Before an upgrade of Linkerd or Prometheus
  meshproof upgrade --from 2.19 --to 2.20     go or no-go, and why

  meshproof help                              every command
  meshproof help run                          one of them, and examples
`;

export const RUN_EXAMPLES = `
A scenario that ships may be called by its name (\`meshproof list\`).

Examples:
  meshproof run baseline
  meshproof run scenarios/ --parallel 2 --out /tmp/results
  meshproof run my.yaml --seed 42 --keep    (look around until Ctrl-C)
  meshproof run my.yaml --k6 ~/bin/k6 --prometheus ~/bin/prometheus
  meshproof run scenarios/baseline.yaml --environment kind    (Docker is needed)
  meshproof run --environment kind --mesh simulated --reuse

Results: DIR/<run>/ holds result.json (always), report.html, junit.xml,
summary.md, and the logs of every process. Progress goes to stderr, the table to
stdout.

Addresses: each run takes a block 127.a.b.0/24 at random.
MESHPROOF_LOOPBACK=127.77.3 names one; MESHPROOF_LOOPBACK=single uses ports of
127.0.0.1 alone.

Exit codes: 0 pass, 1 fail, 2 invalid input, 3 inconclusive,
4 the environment failed, 130 interrupted.
`;

export const FAULTS_EXAMPLES = `
CASE is a case, a cause (all of its cases) or a group of causes: discovery,
scrapes, proxies, queries. Each world is drawn from the seed: which pod, which
label, which port.

Of a pair both faults must be able to show: it is drawn from the cases of
discovery, scrapes and proxies that can be added to another's world, not from
misleading queries, from counts that are as designed and misread, nor from what
changes every scrape; and not where the one hides the other, as an expired token
hides every target. docs/verification.md says which.

Examples:
  meshproof faults
  meshproof faults admin-port-renamed --repeat 3
  meshproof faults discovery scrapes --clean 0 --seed 7
  meshproof faults --pairs 30 --parallel 4

Results: DIR/<run>/ holds faults.json (always), report.html and faults.md; of a
world that is not right its folder stays, with result.json. Progress goes to
stderr, the score to stdout.

Exit codes: 0 every diagnosis is right, 1 one is wrong, 2 invalid input,
3 no world was run, 4 a world did not get to its end, 130 interrupted.
`;

export const UPGRADE_EXAMPLES = `
Each scenario runs --repeat times with what is there and with what is to come,
by turns, and once while it is rolled out under load: the control plane, then
the pods, one by one. What Prometheus says is compared with the truth every
time; so are latency, requests lost, what the metrics are called, and what your
queries say.

Examples:
  meshproof upgrade --from 2.17 --to 2.18
  meshproof upgrade --from 2.19 --to 2.20 diamond --rules rules/ \\
    --dashboards grafana/
  meshproof upgrade --from 2.18 --to 2.20 --from-prometheus-token-file token \\
    --from-prometheus https://prometheus.example
  meshproof upgrade --prometheus-from ~/prometheus-2.42/prometheus \\
    --rules rules.yaml
  meshproof upgrade --from stable-2.14.10 --to edge-26.8.1 \\
    --environment kind --from-cluster
  meshproof upgrade --from 2.19 --to 2.20 --repeat 6 --max-latency-increase 10%

Latency is measured without neighbours unless --parallel is more than 1. With
--prometheus-from or --prometheus-to alone Linkerd stays as the scenarios say,
and nothing is rolled out. With the real Linkerd in a cluster, before and after
don't run by turns: it does not go back.

Results: DIR/<run>/ holds upgrade.json (always), report.html, junit.xml,
summary.md, and a folder for each run. Progress goes to stderr, the decision to
stdout.

Exit codes: 0 go, 1 no-go, 2 invalid input, 3 undecided,
4 the environment failed, 130 interrupted.
`;

export const REPORT_EXAMPLES = `
Examples:
  meshproof report results/20260102T030405Z-9f3a1c --open
  meshproof report results/
  meshproof report monday/ tuesday/ --out week.html
  meshproof report results/20260102T030405Z-9f3a1c --reporter html,junit
  meshproof report results/20260102T030405Z-9f3a1c/baseline

Of each run report.html is made beside its record (result.json, upgrade.json,
capacity.json, scrape.json, faults.json), and of an upgrade's runs too. Of
several, or of a folder of runs, index.html has the trends across them. Of a
scenario's folder within a run a page of that scenario alone is made, in it.
Nothing is measured, and no record is changed.

Exit codes: 0 all were made; 2 of some there is no record that can be read (the
others were made); 4 one can't be written.
`;

export const COMPARE_EXAMPLES = `
A and B are records (result.json, faults.json, upgrade.json, capacity.json,
scrape.json, those of npm run bench), folders that hold one, or names of such
folders below DIR.

Examples:
  meshproof compare 20260102T030405Z-9f3a1c 20260103T101112Z-0b55e7
  meshproof compare before/ after/ --fail-on-difference
  meshproof compare results/old results/new --reporter markdown > comparison.md

What is called different exceeds the noise that the records themselves tell:
intervals, repeats, counts. What they tell nothing of is called unknown
(docs/compare.md).

Exit codes: 0 they were compared; 1 with --fail-on-difference, something is
worse beyond the noise; 2 one is no result, or they are of different kinds.
`;

export const DOCTOR_EXAMPLES = `
Examples:
  meshproof doctor
  meshproof doctor --context staging --namespace shop
  meshproof doctor --prometheus https://prometheus.example \\
    --prometheus-token-file token

It reads only: every request is a GET, and each is listed at the end of the
report.

Exit codes: 0 healthy, 1 something was found, 3 it could not be decided,
4 the cluster or Prometheus can't be reached.
`;

export const INIT_EXAMPLES = `
It writes, below DIR:
  meshproof/checkout.yaml           a first scenario, with comments
  meshproof/scenario.schema.json    by which editors complete and check it
  .github/workflows/meshproof.yml   runs it with each change, and shows
                                    summary.md
  .gitignore                        one line more: /results/

With --ci gitlab it writes .gitlab/meshproof.yml, and where there is none a
.gitlab-ci.yml that includes it; with --ci none, no workflow.

As long as meshproof is not on npm the workflow takes it from a tarball in the
repository, meshproof/meshproof-VERSION.tgz. --package names another source: a
tarball (one from elsewhere is copied there), a git address, https://..., or a
version.

Examples:
  meshproof init
  meshproof init --package ../meshproof/meshproof-0.1.0.tgz
  meshproof init --package github:owner/meshproof#v0.1.0
  meshproof init ~/shop --ci gitlab
  meshproof init --ci none

Exit codes: 0 all was written; 1 some files were there and are left as they are
(--force overwrites them, never .gitlab-ci.yml); 2 a file is in the way of a
folder, or SPEC is none; 4 DIR can't be written.
`;

export const TOOLS_EXAMPLES = `
Examples:
  meshproof tools                     (k6 and Prometheus, before the first run)
  meshproof tools kind linkerd        (what a cluster needs besides)
  meshproof tools --urls > urls.txt   (what a mirror must have)

A tool is looked for in this order: the path that is given (MESHPROOF_K6,
MESHPROOF_PROMETHEUS, ...), PATH, the cache (~/.cache/meshproof), its release
(verified), a container image, a build with Go. Without a network see
docs/air-gapped.md.

Exit codes: 0 all are there, 2 invalid input, 4 one can't be had (what was tried
is printed).
`;

export const CLEAN_NOTES = `
Runs that still go on are left alone, and so are clusters that meshproof did not
make. Of a cluster that runs share, what the killed run left in it is removed.
Results are never removed.
`;

export const VALIDATE_EXAMPLES = `
Examples:
  meshproof validate my.yaml
  meshproof validate scenarios/

Exit codes: 0 all are valid, 2 some are not (every problem is printed, with file
and line).
`;

export const SCHEMA_EXAMPLES = `
Example:
  meshproof schema > scenario.schema.json
  and as the first line of a scenario, for editors with a YAML language server:
  # yaml-language-server: $schema=./scenario.schema.json
`;

export const CAPACITY_EXAMPLES = `
Examples:
  meshproof bench capacity --p99 250ms
  meshproof bench capacity my.yaml --of shop/web --p99 100ms \\
    --success-rate 99.9%
  meshproof bench capacity --at-least 200/s --side meshed
  meshproof bench capacity --resume results/20260102T030405Z-9f3a1c

Requests arrive at their rate whatever the mesh makes of them (an open model).
A point at which k6 dropped iterations is never a sustained one, and one whose
telemetry was wrong does not count.

Exit codes: 0 found (and at least what was asked for), 1 less than --at-least,
2 invalid input, 3 not found, or too uncertain to say, 4 an environment or tool
failed, 130 interrupted.
`;

export const SCRAPE_EXAMPLES = `
Examples:
  meshproof bench scrape
  meshproof bench scrape --pods 5000 --edges 8 --interval 10s
  meshproof bench scrape --model results/20260102T030405Z-9f3a1c --pods 800
  meshproof bench scrape --targets 1000 --series 1000 --every 10s --duration 5m

Simulated proxies serve pages of their release from one process, and a real
Prometheus scrapes them. What was measured last is kept when it is interrupted.

Exit codes: 0 measured, 2 invalid input, 3 no model (where --pods asks for one),
4 a tool failed or the machine is too small, 130 interrupted.
`;
