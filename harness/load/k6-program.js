// Run by k6. Journals every request in the format of sim-services/contract.ts, through the console: a line is one write
// before the next statement runs, so that a start is on the disk before its request leaves.
import { sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';

const plan = __PLAN__;

export const options = {
  scenarios: plan.scenarios,
  hosts: plan.hosts,
  discardResponseBodies: true,
  maxRedirects: 0,
  systemTags: [],
};

// k6's codes: 0 no error, 14xx and 15xx an answer with that kind of status, 1050 the request's timeout.
const TIMED_OUT = 1050;
const isAnswer = (code) => code === 0 || (code >= 1400 && code < 1600);

const streams = plan.streams.map((requests) => {
  let sum = 0;
  const total = requests.reduce((all, request) => all + request.weight, 0);
  return requests.map((request) => {
    sum += request.weight;
    return { ...request, below: sum / total, body: request.bodyBytes > 0 ? 'x'.repeat(request.bodyBytes) : null };
  });
});

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
  const response = http.request(request.method, request.url, request.body, request.params);
  const end = `${Date.now() + 1}.000`;
  const code = response.error_code;
  if (isAnswer(code)) {
    const headers = response.headers;
    const from = `${encode(headers[plan.podHeader])},${encode(headers[plan.meshErrorHeader])}`;
    console.log(`e,${id},${end},${response.status},${end},${from},`);
  } else {
    console.log(`x,${id},${end},${code === TIMED_OUT ? 'timeout' : 'connection'},${response.status}`);
  }
}

export function teardown() {
  console.log(`Z,${Date.now()}.000`);
}

export function handleSummary(data) {
  const count = (name) => data.metrics[name]?.values.count ?? 0;
  return {
    [plan.summaryFile]: JSON.stringify({
      requests: count('http_reqs'),
      iterations: count('iterations'),
      droppedIterations: count('dropped_iterations'),
    }),
  };
}
