/**
 * What Node 22 lacks of the language as this project writes it, and Node 22.12 of what its packages load. A checkout runs on Node
 * 24 and does without; the builds of what has to run on Node 22 (the npm package, programs in images) put it before everything
 * else. It exports nothing.
 */
import zlib from 'node:zlib';
import {
  AsyncDisposableStackOfOlderNode,
  DisposableStackOfOlderNode,
  SuppressedErrorOfOlderNode,
} from './disposable-stack.ts';

const LACKING = {
  SuppressedError: SuppressedErrorOfOlderNode,
  DisposableStack: DisposableStackOfOlderNode,
  AsyncDisposableStack: AsyncDisposableStackOfOlderNode,
};

for (const [name, value] of Object.entries(LACKING)) {
  if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}

// Since Node 22.15. undici looks at it while it is loaded, and uses it only for what is compressed so: nothing that we ask for.
zlib.createZstdDecompress ??= () => {
  throw new Error(`Node ${process.version} can't read zstd`);
};
