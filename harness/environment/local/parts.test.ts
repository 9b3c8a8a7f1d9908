import { describe, expect, it } from 'vitest';
import { serviceFailure } from './service-failure.ts';
import { Together } from './together.ts';

describe('what a service says of its end', () => {
  const child = (line: string) => ({ name: 'shop/web', logFile: '/x.log', tail: () => line });

  it('is an error with its code', () => {
    const error = serviceFailure(child('{"code":"PORT_TAKEN","message":"127.1.1.2:80 is taken","host":"127.1.1.2"}'))!;
    expect(error).toMatchObject({ code: 'PORT_TAKEN', message: 'shop/web: 127.1.1.2:80 is taken', exitCode: 4 });
    expect(error.hint).toContain('MESHPROOF_LOOPBACK');
    expect(serviceFailure(child('{"code":"OTHER","message":"m"}'))!.hint).toBe('its log is /x.log');
  });

  it.each(['', 'Killed', '{"ready":true}', 'null', '7', '{"code":'])('is nothing in %j', (line) => {
    expect(serviceFailure(child(line))).toBeNull();
  });
});

describe('what ends together', () => {
  it('is told so at once, whatever becomes of the others, and before what the stack held earlier', async () => {
    const log: string[] = [];
    const stack = new AsyncDisposableStack();
    stack.defer(() => void log.push('earlier'));
    const together = new Together(stack);
    const slow = Promise.withResolvers<void>();
    const member = (name: string, end: () => Promise<void>) => ({
      [Symbol.asyncDispose]: async () => {
        log.push(name);
        await end();
        log.push(`${name} ended`);
      },
    });
    together.use(member('a', () => slow.promise));
    together.use(member('b', () => Promise.reject(new Error('b failed'))));
    together.use(member('c', async () => slow.resolve()));
    await expect(stack.disposeAsync()).rejects.toThrow('b failed');
    expect(log.slice(0, 3)).toEqual(['a', 'b', 'c']);
    expect(log.slice(3).sort()).toEqual(['a ended', 'c ended', 'earlier']);
    expect(log.at(-1)).toBe('earlier');
  });
});
