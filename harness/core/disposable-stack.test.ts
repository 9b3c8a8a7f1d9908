import { describe, expect, it } from 'vitest';
import {
  AsyncDisposableStackOfOlderNode,
  DisposableStackOfOlderNode,
  SuppressedErrorOfOlderNode,
} from './disposable-stack.ts';

// The same must hold of the ones that Node 24 has built in: they are what ours stand in for.
const SYNC = { 'built in': DisposableStack, ours: DisposableStackOfOlderNode as DisposableStackConstructor };
const ASYNC = {
  'built in': AsyncDisposableStack,
  ours: AsyncDisposableStackOfOlderNode as AsyncDisposableStackConstructor,
};
const ERRORS = {
  'built in': SuppressedError,
  ours: SuppressedErrorOfOlderNode as unknown as SuppressedErrorConstructor,
};

const fails = (message: string) => () => {
  throw new Error(message);
};
/** What is thrown, as its chain of messages, the last disposal first. */
function chain(error: unknown): string[] {
  const { name, message, error: own, suppressed } = error as SuppressedError;
  return name === 'SuppressedError' ? [...chain(own), ...chain(suppressed)] : [message];
}
function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe.each(Object.entries(SYNC))('DisposableStack, %s', (_, Stack) => {
  it('disposes the last first, once', () => {
    const order: string[] = [];
    const stack = new Stack();
    expect(stack.use(null)).toBeNull();
    const one = { [Symbol.dispose]: () => void order.push('use') };
    expect(stack.use(one)).toBe(one);
    expect(stack.adopt('a', (value) => void order.push(`adopt ${value}`))).toBe('a');
    stack.defer(() => void order.push('defer'));
    expect(stack.disposed).toBe(false);
    stack.dispose();
    stack[Symbol.dispose]();
    expect(order).toEqual(['defer', 'adopt a', 'use']);
    expect(stack.disposed).toBe(true);
  });

  it('calls the method that there was when it was used, on its object', () => {
    const seen: unknown[] = [];
    const one = {
      [Symbol.dispose]() {
        seen.push(this);
      },
    };
    const stack = new Stack();
    stack.use(one);
    one[Symbol.dispose] = fails('replaced');
    stack.dispose();
    expect(seen).toEqual([one]);
  });

  it('goes on when a disposal fails, and throws all of it', () => {
    const order: string[] = [];
    const stack = new Stack();
    stack.defer(fails('first'));
    stack.defer(() => void order.push('between'));
    stack.defer(fails('second'));
    expect(chain(thrownBy(() => stack.dispose()))).toEqual(['first', 'second']);
    expect(order).toEqual(['between']);
    const single = new Stack();
    single.defer(fails('alone'));
    expect(chain(thrownBy(() => single.dispose()))).toEqual(['alone']);
  });

  it('moves what it has to another', () => {
    const order: string[] = [];
    const stack = new Stack();
    stack.defer(() => void order.push('first'));
    stack.defer(() => void order.push('last'));
    const next = stack.move();
    expect(stack.disposed).toBe(true);
    stack.dispose();
    expect(order).toEqual([]);
    next.dispose();
    expect(order).toEqual(['last', 'first']);
  });

  it('takes nothing when it is disposed, and nothing that can not be disposed', () => {
    const stack = new Stack();
    expect(() => stack.use({} as Disposable)).toThrow(TypeError);
    expect(() => stack.defer(1 as never)).toThrow(TypeError);
    expect(() => stack.adopt(1, undefined as never)).toThrow(TypeError);
    stack.dispose();
    expect(() => stack.use(null)).toThrow(ReferenceError);
    expect(() => stack.adopt(1, () => {})).toThrow(ReferenceError);
    expect(() => stack.defer(() => {})).toThrow(ReferenceError);
    expect(() => stack.move()).toThrow(ReferenceError);
    expect(Object.prototype.toString.call(stack)).toBe('[object DisposableStack]');
  });
});

describe.each(Object.entries(ASYNC))('AsyncDisposableStack, %s', (_, Stack) => {
  const later = (order: string[], name: string) => async () => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(`${name} ends`);
  };

  it('awaits each disposal before the next', async () => {
    const order: string[] = [];
    const stack = new Stack();
    stack.use({ [Symbol.asyncDispose]: later(order, 'use') });
    stack.use({ [Symbol.dispose]: () => void order.push('synchronous') });
    stack.use(undefined);
    stack.adopt('a', later(order, 'adopt'));
    stack.defer(later(order, 'defer'));
    await stack.disposeAsync();
    await stack[Symbol.asyncDispose]();
    expect(order).toEqual([
      ...['defer begins', 'defer ends', 'adopt begins', 'adopt ends'],
      ...['synchronous', 'use begins', 'use ends'],
    ]);
    expect(stack.disposed).toBe(true);
  });

  it('prefers the asynchronous way, and does not await what a synchronous one returns', async () => {
    const order: string[] = [];
    const stack = new Stack();
    stack.use({ [Symbol.asyncDispose]: later(order, 'async'), [Symbol.dispose]: fails('the other') });
    stack.use({ [Symbol.dispose]: () => new Promise(() => {}) as never });
    await stack.disposeAsync();
    expect(order).toEqual(['async begins', 'async ends']);
  });

  it('goes on when a disposal fails, and rejects with all of it', async () => {
    const order: string[] = [];
    const stack = new Stack();
    stack.defer(async () => fails('first')());
    stack.defer(later(order, 'between'));
    stack.defer(fails('second'));
    const error = await stack.disposeAsync().catch((thrown) => thrown);
    expect(chain(error)).toEqual(['first', 'second']);
    expect(order).toEqual(['between begins', 'between ends']);
  });

  it('moves, and takes nothing when it is disposed', async () => {
    const order: string[] = [];
    const stack = new Stack();
    stack.defer(() => void order.push('first'));
    stack.defer(() => void order.push('last'));
    const next = stack.move();
    expect(() => stack.defer(() => {})).toThrow(ReferenceError);
    await stack.disposeAsync();
    expect(order).toEqual([]);
    await next.disposeAsync();
    expect(order).toEqual(['last', 'first']);
    expect(() => new Stack().use({} as AsyncDisposable)).toThrow(TypeError);
    expect(Object.prototype.toString.call(stack)).toBe('[object AsyncDisposableStack]');
  });
});

describe.each(Object.entries(ERRORS))('SuppressedError, %s', (_, Suppressed) => {
  it('keeps both errors', () => {
    const error = new Suppressed('later', 'earlier', 'both');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'SuppressedError', message: 'both' });
    expect([error.error, error.suppressed]).toEqual(['later', 'earlier']);
    expect(Object.keys(error)).toEqual([]);
    expect(Suppressed.name).toBe('SuppressedError');
  });
});
