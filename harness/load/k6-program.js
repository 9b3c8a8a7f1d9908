// Run by k6. Journals every request in the format of sim-services/contract.ts, through the console: a line is one write
// before the next statement runs, so that a start is on the disk before its request leaves.
import { sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import grpc from 'k6/net/grpc';

const plan = __PLAN__;

export const options = {
  scenarios: plan.scenarios,
  hosts: plan.hosts,
  discardResponseBodies: true,
  maxRedirects: 0,
  systemTags: [],
  summaryTrendStats: ['count'],
};

// k6's codes: 0 no error, 14xx and 15xx an answer with that kind of status, 1050 the request's timeout.
const TIMED_OUT = 1050;
const isAnswer = (code) => code === 0 || (code >= 1400 && code < 1600);

// HTTP: Go writes header names in their canonical form.
const canonical = (name) => name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
const httpPodHeader = canonical(plan.podHeader);
const httpMeshErrorHeader = canonical(plan.meshErrorHeader);

const streams = plan.streams.map((requests) => {
  let sum = 0;
  const total = requests.reduce((all, request) => all + request.weight, 0);
  return requests.map((request) => {
    sum += request.weight;
    const body = request.rpc ? messageOf(request.bodyBytes) : textOf(request.bodyBytes);
    return { ...request, below: sum / total, body };
  });
});

function textOf(bytes) {
  return bytes > 0 ? 'x'.repeat(bytes) : null;
}

/** A message with so many bytes in its one field. In JSON bytes are base64: `eHh4` is `xxx`. */
function messageOf(bytes) {
  return bytes > 0 ? { padding: 'eHh4'.repeat(bytes / 3) + ['', 'eA==', 'eHg='][bytes % 3] } : {};
}

// Each VU has a client, and with it a connection, for every address of the gRPC services that it may call.
const clients = new Map();
for (const { rpc } of streams.flat()) {
  for (const address of rpc ? (rpc.addresses ?? [rpc.address]) : []) {
    if (!clients.has(address)) clients.set(address, newClient());
  }
}

function newClient() {
  const client = new grpc.Client();
  client.load([], ...plan.protos);
  return { client, connected: false };
}

// Each VU numbers its own requests.
let nextId = __VU * 1e7;

/** A number of [0, 1) that depends on seed, stream and iteration alone: a run's n-th request is the same in every run. */
function uniform(stream, iteration) {
  let h = (plan.seed + Math.imul(stream + 1, 0x9e3779b1) + Math.imul(iteration + 1, 0x85ebca6b)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

function choose(index) {
  const requests = streams[index];
  if (requests.length === 1) return requests[0];
  const point = uniform(index, exec.scenario.iterationInTest);
  return requests.find((request) => point < request.below) ?? requests[requests.length - 1];
}

/** Where no proxy spreads requests, they go to the pods in turn. */
const inTurn = (all) => all[exec.scenario.iterationInTest % all.length];

const encode = (text) => (text ? encodeURIComponent(text) : '');

export function setup() {
  const origin = Date.now() + plan.originLeadMs;
  console.log(`${plan.journalHead}${origin}.000`);
  for (let left = plan.originLeadMs; left > 0; left = origin - Date.now()) sleep(left / 1000);
}

export default function () {
  const request = choose(Number(__ENV.STREAM));
  const id = nextId++;
  // The clock has whole milliseconds, rounded down: sound for a start; an end needs the next one.
  console.log(`s,${id},${Date.now()}.000,${request.start}`);
  if (request.rpc) {
    invoke(id, request);
    return;
  }
  const url = request.urls ? inTurn(request.urls) : request.url;
  const response = http.request(request.method, url, request.body, request.params);
  const end = `${Date.now() + 1}.000`;
  const code = response.error_code;
  if (isAnswer(code)) {
    const headers = response.headers;
    const from = `${encode(headers[httpPodHeader])},${encode(headers[httpMeshErrorHeader])}`;
    console.log(`e,${id},${end},${response.status},${end},${from},`);
  } else {
    console.log(`x,${id},${end},${code === TIMED_OUT ? 'timeout' : 'connection'},${response.status}`);
  }
}

function invoke(id, { rpc, body, params }) {
  const address = rpc.addresses ? inTurn(rpc.addresses) : rpc.address;
  const own = clients.get(address);
  let end;
  try {
    if (!own.connected) {
      const { timeout } = params;
      own.client.connect(address, { plaintext: true, authority: rpc.authority, timeout, maxReceiveSize: 1 << 26 });
      own.connected = true;
    }
    end = readEnd(own.client.invoke(rpc.method, body, params));
  } catch (error) {
    // It could not connect, or not in time.
    end = failure(String(error), 0);
  }
  const t = `${Date.now() + 1}.000`;
  if (end.reason) console.log(`x,${id},${t},${end.reason},${end.status}`);
  else console.log(`e,${id},${t},${end.status},${t},${end.from},${end.code}`);
  // After a failure the library waits longer and longer before it connects again, and fails every request meanwhile.
  if (own.connected && (rpc.ownConnection || end.reason === 'connection')) {
    own.client.close();
    own.connected = false;
  }
}

// Where the peer has said nothing the library makes a code up; only its words tell. A limit of k6's goes to the peer as
// `grpc-timeout`, but the peers at hand leave it to the caller: code 4 of theirs comes with their headers.
const DEADLINE = /context deadline exceeded/;
const NO_TRAILERS = /^server closed the stream without sending trailers$/;
const HTTP_ONLY = /^unexpected HTTP status code received from server: (\d{3})/;
const MADE_UP =
  /^(stream terminated by RST_STREAM|error reading from server|connection error|closing transport|transport is closing|unexpected EOF|grpc: the (client )?connection is closing|last connection error|keepalive ping failed|the stream is|the connection is draining)/;

function readEnd({ status, error, headers, trailers }) {
  // Printed it is a name.
  const code = Number(status);
  // An answer of trailers alone has its headers there.
  const headersCame = 'content-type' in headers;
  const said = headersCame || 'content-type' in trailers;
  const message = error?.message ?? '';
  const value = (name) => encode((headers[name] || trailers[name] || [])[0]);
  const answer = (http, grpcCode) => ({
    status: http,
    code: grpcCode,
    from: `${value(plan.podHeader)},${value(plan.meshErrorHeader)}`,
  });
  const http = HTTP_ONLY.exec(message);
  if (http) return answer(http[1], '-');
  if (headersCame && NO_TRAILERS.test(message)) return answer(200, '-');
  const madeUp = code !== 0 && (DEADLINE.test(message) || MADE_UP.test(message));
  if (said && !madeUp) return answer(200, code);
  return failure(message, headersCame ? 200 : 0);
}

function failure(message, status) {
  // Connecting is tried until the time is over.
  const isTimeout = DEADLINE.test(message) && !/connection error/.test(message);
  return { reason: isTimeout ? 'timeout' : 'connection', status };
}

export function teardown() {
  console.log(`Z,${Date.now()}.000`);
}

export function handleSummary(data) {
  const count = (name) => data.metrics[name]?.values.count ?? 0;
  return {
    [plan.summaryFile]: JSON.stringify({
      requests: count('http_reqs') + count('grpc_req_duration'),
      iterations: count('iterations'),
      droppedIterations: count('dropped_iterations'),
    }),
  };
}
