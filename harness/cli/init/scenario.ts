/** The first scenario of a user's own: small, commented, and done in half a minute. Its schema lies beside it. */
export const SCENARIO_FILE = 'meshproof/checkout.yaml';
export const SCHEMA_FILE = 'meshproof/scenario.schema.json';
/** What of the folder is run. */
export const SCENARIO_FOLDER = 'meshproof';

export const SCENARIO_TEXT = `# yaml-language-server: $schema=./scenario.schema.json
#
# A first scenario: web calls cart, cart calls db, and a few answers of cart are errors. meshproof brings these services up
# in a mesh, drives them, and proves for every flow that what Prometheus says is what happened. Make it yours: name the
# services as you do, let them call whom they call, and say what you expect.
#
#   meshproof validate meshproof    says what is wrong with it, without running it
#   meshproof run meshproof         runs it: about half a minute
apiVersion: meshproof/v1
kind: Scenario
metadata:
  name: checkout
  description: The load generator calls web, web calls cart, cart calls db; one answer of cart in fifty is an error.
# Of every service that names none.
namespace: shop
# Everything random comes from it: the same seed gives the same latencies and errors.
seed: 1
mesh:
  # How often Prometheus scrapes each proxy.
  scrapeInterval: 2s
  # The release of Linkerd that you run; quoted, or 2.20 is the number 2.2.
  # version: "2.20"

services:
  - name: web
    routes:
      - path: /checkout
        latency: 2ms
        calls: [{ service: cart, path: /items }]
  - name: cart
    replicas: 2
    routes:
      - path: /items
        # Any two quantiles of the time that it takes, apart from its calls.
        latency: { distribution: lognormal, p50: 5ms, p99: 40ms }
        errors: [{ status: 503, rate: 2% }]
        calls: [{ service: db, path: /query }]
  - name: db
    routes:
      - path: /query
        latency: { distribution: normal, mean: 6ms, stddev: 2ms }

# What k6 does.
traffic:
  - { name: shoppers, executor: constant-arrival-rate, target: web/checkout, rate: 20/s, duration: 10s }

# What happens meanwhile: take the "# " away, and cart fails for three seconds, and one of its pods is killed.
# timeline:
#   - { at: 3s, for: 3s, service: cart, errors: [{ status: 503, rate: 30% }] }
# restarts:
#   - { at: 7s, service: cart, replica: 1, down: 1s }

# A run fails when Prometheus does not agree with the truth, or when one of these does not hold.
expect:
  golden: { everyFlow: true }
  slo:
    - { flow: load -> web, successRate: ">= 85%", p99: "<= 1s" }
`;
