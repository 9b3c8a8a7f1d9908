import { readFileSync } from 'node:fs';
import { CALLER_HEADER, JOURNAL_VERSION, MESH_ERROR_HEADER, POD_HEADER } from '../../sim-services/contract.ts';
import { HarnessError } from '../core/errors.ts';
import type { RequestSpec, TrafficSpec } from '../scenario/model.ts';
import { LOAD_WORKLOAD } from '../scenario/model.ts';
import { JOB_FILES } from './command.ts';
import { k6Scenario } from './executors.ts';
import type { LoadPlan } from './plan.ts';

const PLACEHOLDER = '__PLAN__';
const PROGRAM = new URL('./k6-program.js', import.meta.url);

/**
 * The k6 script of a plan: k6-program.js with the plan's data put in. It needs no other file.
 * @throws HarnessError UNKNOWN_SERVICE when traffic goes to a service that the plan does not know
 */
export function renderK6Script(plan: LoadPlan): string {
  const data = {
    seed: plan.seed,
    originLeadMs: plan.originLeadMs,
    summaryFile: JOB_FILES.summary,
    journalHead: `H,${JOURNAL_VERSION},${encodeURIComponent(LOAD_WORKLOAD.id)},${encodeURIComponent(plan.pod)},0,`,
    // Go writes header names in their canonical form.
    podHeader: canonicalHeader(POD_HEADER),
    meshErrorHeader: canonicalHeader(MESH_ERROR_HEADER),
    hosts: plan.hosts,
    scenarios: Object.fromEntries(plan.traffic.map((spec, i) => [scenarioName(spec, i), k6Scenario(spec, i)])),
    streams: plan.traffic.map((spec) => spec.requests.map((request) => requestData(plan, spec, request))),
  };
  return readFileSync(PROGRAM, 'utf8').replace(PLACEHOLDER, () => JSON.stringify(data, null, 2));
}

function requestData(plan: LoadPlan, spec: TrafficSpec, request: RequestSpec) {
  const service = plan.services[request.service];
  if (!service) {
    throw new HarnessError(
      'UNKNOWN_SERVICE',
      `traffic "${spec.name}" goes to ${request.service}, which does not exist`,
      {
        hint: `services: ${Object.keys(plan.services).join(', ') || 'none'}`,
      },
    );
  }
  const port = service.port === 80 ? '' : `:${service.port}`;
  return {
    weight: request.weight,
    method: request.method,
    url: `http://${service.authority}${port}${request.path}`,
    bodyBytes: request.requestBytes,
    params: {
      timeout: request.timeoutMs,
      headers: {
        [CALLER_HEADER]: LOAD_WORKLOAD.id,
        ...(request.requestBytes > 0 ? { 'content-type': 'text/plain' } : {}),
      },
    },
    // What a start line says after its time stamp.
    start: [request.service, request.method, request.path].map(encodeURIComponent).join(','),
  };
}

/** k6 allows letters, digits, underscores and dashes; the index keeps names apart. */
function scenarioName(spec: TrafficSpec, index: number): string {
  return `${index}_${spec.name.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`;
}

function canonicalHeader(name: string): string {
  return name
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('-');
}
