import { beforeEach, describe, expect, it } from 'vitest';
import type { Exchange } from '../telemetry/types.ts';
import type { Downstream } from './downstream.ts';
import { NO_RESPONSE } from './proxy-error.ts';
import { ResponseRelay } from './relay.ts';

let log: string[];
let writable: boolean;
let gone: () => void;
let drain: () => void;
beforeEach(() => {
  log = [];
  writable = true;
});

const exchange = (layer: string): Exchange => ({
  dispatch: () => log.push(`${layer} dispatch`),
  requestFrame: (bytes) => log.push(`${layer} requestFrame ${bytes}`),
  requestEnd: () => log.push(`${layer} requestEnd`),
  head: (status) => log.push(`${layer} head ${status}`),
  responseFrame: (bytes) => log.push(`${layer} frame ${bytes}`),
  complete: () => log.push(`${layer} complete`),
  fail: (error) => log.push(`${layer} fail ${error.response}`),
  cancel: () => log.push(`${layer} cancel`),
});

const down: Downstream = {
  http2: false,
  respond: (status, _headers, body) => log.push(`> ${status} ${body ?? ''}`),
  head: (status) => log.push(`> head ${status}`),
  write: (chunk) => {
    log.push(`> ${chunk}`);
    return writable;
  },
  end: (chunk) => log.push(`> end ${chunk ?? ''}`),
  reset: (code) => log.push(`> reset ${code}`),
  onGone: (listener) => {
    gone = listener;
  },
  onDrain: (listener) => {
    drain = listener;
  },
  onBroken() {},
};

function relay(method = 'GET'): ResponseRelay {
  const made = new ResponseRelay(down, method, exchange('outer'), () => log.push('done'));
  made.enter(exchange('inner'));
  made.upstream = {
    pause: () => log.push('< pause'),
    resume: () => log.push('< resume'),
    abort: () => log.push('< abort'),
  };
  return made;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const text = (chunk: string) => Buffer.from(chunk);
const taken = () => log.splice(0);

describe('ResponseRelay', () => {
  it('writes a response of one turn at once, after it has been counted, inner layer first', () => {
    const response = relay();
    response.head(200, ['content-length', '2']);
    response.data(text('ok'));
    response.end(null);
    expect(log).toEqual([
      'inner head 200',
      'outer head 200',
      'inner frame 2',
      'outer frame 2',
      'inner complete',
      'outer complete',
      '> 200 ok',
      'done',
    ]);
  });

  it('sends the head when the body does not come in the same turn, and each piece when it comes', async () => {
    const response = relay();
    response.head(200, []);
    await turn();
    expect(taken()).toEqual(['inner head 200', 'outer head 200', '> head 200']);
    response.data(text('a'));
    expect(taken()).toEqual(['inner frame 1', 'outer frame 1', '> a']);
    response.end(null);
    expect(taken()).toEqual(['inner complete', 'outer complete', '> end ', 'done']);
  });

  it('holds the last piece of a body of known length until its end is counted', async () => {
    const response = relay();
    response.head(200, ['content-length', '3']);
    response.data(text('a'));
    await turn();
    response.data(text('bc'));
    await turn();
    expect(taken().filter((line) => line.startsWith('>'))).toEqual(['> head 200', '> a']);
    response.end(null);
    expect(log).toEqual(['inner complete', 'outer complete', '> end bc', 'done']);
  });

  it.each([
    ['HEAD', 200, ['content-length', '9']],
    ['GET', 204, []],
    ['GET', 304, ['content-length', '9']],
    ['GET', 200, ['content-length', '0']],
  ])('holds the head itself where no body follows: %s %i', async (method, status, headers) => {
    const response = relay(method);
    response.head(status, headers);
    await turn();
    expect(taken().filter((line) => line.startsWith('>'))).toEqual([]);
    response.end(null);
    expect(log).toEqual(['inner complete', 'outer complete', `> ${status} `, 'done']);
  });

  it('stops the next hop while the previous one is full', async () => {
    const response = relay();
    response.head(200, []);
    await turn();
    writable = false;
    taken();
    response.data(text('a'));
    response.data(text('b'));
    expect(taken().filter((line) => /[<>]/.test(line))).toEqual(['> a', '< pause', '> b']);
    drain();
    expect(taken()).toEqual(['< resume']);
  });

  it('counts once, whatever comes after the end', async () => {
    const response = relay();
    response.fail(NO_RESPONSE, { status: 500, message: 'x' });
    expect(taken()).toEqual(['inner fail unclassified', 'outer fail unclassified', '> 500 ', 'done']);
    response.head(200, []);
    response.data(text('a'));
    response.end(null);
    response.abortedBody();
    response.synthesize({ status: 502, message: 'x' });
    gone();
    await turn();
    expect(log).toEqual([]);
  });

  it('passes on what came before a body was cut off', () => {
    const response = relay();
    response.head(200, []);
    response.data(text('a'));
    taken();
    response.abortedBody();
    expect(log).toEqual([
      'inner fail unclassified',
      'outer fail unclassified',
      '> head 200',
      '> a',
      '> reset 0',
      'done',
    ]);
  });

  it('cancels, and aborts the next hop, when the previous one goes', () => {
    relay();
    gone();
    expect(log).toEqual(['inner cancel', 'outer cancel', '< abort', 'done']);
  });

  it('is silent once dropped', () => {
    const response = relay();
    response.drop();
    gone();
    response.head(200, []);
    response.end(null);
    expect(log).toEqual([]);
  });
});
