import type { WorkloadConfig } from '../../sim-services/contract.ts';
import type { Topology } from '../core/topology.ts';
import type { MeshConfig } from '../mesh/contract.ts';
import type { PrometheusConfig } from '../prometheus/scrape-config.ts';
import type { Scenario } from '../scenario/model.ts';

/**
 * What a local environment is about to be, as far as faults change it. Plain data: it is copied, changed and compared.
 * Everything in it but `scenario` and `topology` may be changed; these two are what verdicts see, and stay as declared.
 */
export interface Draft {
  readonly scenario: Scenario;
  readonly topology: Topology;
  mesh: MeshConfig;
  /** Processes of the services under test. */
  processes: { name: string; workloads: WorkloadConfig[] }[];
  /** Where k6 connects for an authority. */
  loadHosts: Record<string, string>;
  /** prometheus.yml. */
  prometheus: PrometheusConfig;
  /** Further arguments of Prometheus. */
  prometheusArgs: string[];
  /** The clock of Prometheus' host is ahead by this, ms. */
  prometheusAheadMs: number;
}

/** A copy whose changes leave the original as it is. */
export function copyOf(draft: Draft): Draft {
  const { scenario, topology, ...changeable } = draft;
  return { scenario, topology, ...structuredClone(changeable) };
}
