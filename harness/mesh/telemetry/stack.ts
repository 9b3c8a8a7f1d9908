import type { Scalar } from './families.ts';
import type { LabelBag } from './labels.ts';
import type { Page } from './page.ts';

export type StackProtocol = 'http' | 'opaq' | 'tls';
export type StackName = 'balance' | 'endpoint' | 'forward' | 'logical';

const STACKS: readonly [direction: string, protocol: StackProtocol, name: StackName][] = [
  ['inbound', 'http', 'logical'],
  ...(['http', 'opaq', 'tls'] as const).flatMap((protocol) =>
    (['balance', 'endpoint', 'forward'] as const).map((name): [string, StackProtocol, StackName] => [
      'outbound',
      protocol,
      name,
    ]),
  ),
];

/** Counters of one stack; `ready` is the hot one. */
export class StackSet {
  readonly create: Scalar;
  readonly drop: Scalar;
  readonly ready: Scalar;
  readonly notReady: Scalar;
  constructor(create: Scalar, drop: Scalar, ready: Scalar, notReady: Scalar) {
    this.create = create;
    this.drop = drop;
    this.ready = ready;
    this.notReady = notReady;
  }

  /** A new service: polled once before it is ready. */
  created(): void {
    this.create.value++;
    this.notReady.value++;
  }
}

/** stack_*, all seeded with zero (facts 1.5). Creations and polls follow what is used, not the proxy's task scheduler. */
export class Stacks {
  readonly #sets = new Map<string, StackSet>();

  constructor(page: Page) {
    const poll = page.counter('stack_poll_total');
    const bags: LabelBag[] = STACKS.map(([direction, protocol, name]) => ({ direction, protocol, name }));
    const [ready, notReady] = ['true', 'false', 'error'].map((state) =>
      bags.map((bag) => poll.with({ ...bag, ready: state })),
    ) as [Scalar[], Scalar[], Scalar[]];
    bags.forEach((bag, i) => {
      page.counter('stack_poll_total_ms').with(bag);
      const create = page.counter('stack_create_total').with(bag);
      const drop = page.counter('stack_drop_total').with(bag);
      const set = new StackSet(create, drop, ready[i] as Scalar, notReady[i] as Scalar);
      this.#sets.set(`${bag.direction} ${bag.protocol} ${bag.name}`, set);
    });
  }

  get(direction: 'inbound' | 'outbound', protocol: StackProtocol, name: StackName): StackSet {
    return this.#sets.get(`${direction} ${protocol} ${name}`) as StackSet;
  }
}
