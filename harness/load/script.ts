import { readFileSync } from 'node:fs';
import { CALLER_HEADER, JOURNAL_VERSION, MESH_ERROR_HEADER, POD_HEADER } from '../../sim-services/contract.ts';
import { HarnessError } from '../core/errors.ts';
import { turnsOf } from '../core/load-turns.ts';
import { projectFile } from '../core/project.ts';
import type { RequestSpec, TrafficSpec } from '../scenario/model.ts';
import { LOAD_WORKLOAD } from '../scenario/model.ts';
import { JOB_FILES } from './command.ts';
import { k6Scenario } from './executors.ts';
import { protosOf } from './grpc-proto.ts';
import type { LoadPlan } from './plan.ts';

const PLACEHOLDER = '__PLAN__';
const PROGRAM = projectFile('harness/load/k6-program.js');
/** What makes the headers of a request big; the name is that of the services' calls. */
const PADDING_HEADER = 'x-meshproof-padding';

export interface K6Script {
  text: string;
  /** Files that it reads, from its own folder. */
  files: { name: string; text: string }[];
}

/**
 * The k6 script of a plan: k6-program.js with the plan's data put in, and the .proto files of what gRPC it makes.
 * @throws HarnessError UNKNOWN_SERVICE when traffic goes to a service that the plan does not know
 */
export function renderK6Script(plan: LoadPlan): K6Script {
  const streams = plan.traffic.map((spec) => spec.requests.map((request) => requestData(plan, spec, request)));
  const files = protosOf(streams.flat().flatMap((request) => ('rpc' in request ? [request.rpc.method] : [])));
  const data = {
    seed: plan.seed,
    originLeadMs: plan.originLeadMs,
    summaryFile: JOB_FILES.summary,
    journalHead: `H,${JOURNAL_VERSION},${encodeURIComponent(LOAD_WORKLOAD.id)},${encodeURIComponent(plan.pod)},0,`,
    podHeader: POD_HEADER,
    meshErrorHeader: MESH_ERROR_HEADER,
    hosts: plan.hosts,
    protos: files.map(({ name }) => name),
    scenarios: Object.fromEntries(plan.traffic.map((spec, i) => [scenarioName(spec, i), k6Scenario(spec, i)])),
    streams,
  };
  return { text: readFileSync(PROGRAM, 'utf8').replace(PLACEHOLDER, () => JSON.stringify(data, null, 2)), files };
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
  const common = {
    weight: request.weight,
    bodyBytes: request.requestBytes,
    // What a start line says after its time stamp.
    start: [request.service, request.method, request.path].map(encodeURIComponent).join(','),
  };
  // As clients write it: the port only where it is not HTTP's own.
  const ofPort = (name: string) => (service.port === 80 ? name : `${name}:${service.port}`);
  const authority = ofPort(service.authority);
  const turns = turnsOf(service.authority, plan.hosts);
  const headers = {
    [CALLER_HEADER]: LOAD_WORKLOAD.id,
    ...(request.headerBytes ? { [PADDING_HEADER]: 'x'.repeat(request.headerBytes) } : {}),
  };
  if (service.protocol === 'grpc') {
    return {
      ...common,
      rpc: {
        address: `${service.authority}:${service.port}`,
        ...(turns.length > 1 && { addresses: turns.map((name) => `${name}:${service.port}`) }),
        authority,
        method: request.path,
        ownConnection: request.ownConnection === true,
      },
      params: { timeout: request.timeoutMs, metadata: headers, discardResponseMessage: true },
    };
  }
  return {
    ...common,
    method: request.method,
    url: `http://${authority}${request.path}`,
    ...(turns.length > 1 && { urls: turns.map((name) => `http://${ofPort(name)}${request.path}`) }),
    params: {
      timeout: request.timeoutMs,
      headers: {
        ...headers,
        // Whichever pod's turn it is.
        ...(turns.length > 1 ? { host: authority } : {}),
        ...(request.requestBytes > 0 ? { 'content-type': 'text/plain' } : {}),
        // k6 closes the connection behind such a request. Where others of a VU keep theirs, it may be one of those.
        ...(request.ownConnection ? { connection: 'close' } : {}),
      },
    },
  };
}

/** k6 allows letters, digits, underscores and dashes; the index keeps names apart. */
function scenarioName(spec: TrafficSpec, index: number): string {
  return `${index}_${spec.name.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`;
}
