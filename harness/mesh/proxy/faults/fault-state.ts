import type { PodFaults } from '../../contract.ts';
import type { IdentityAuthority } from '../../identity/authority.ts';

/** What is wrong with one pod's proxy now; its parts look here when it matters. */
export class FaultState {
  current: PodFaults;
  readonly #stranger: () => IdentityAuthority;

  /** @param stranger an authority that nobody else trusts, made when it is first asked for */
  constructor(current: PodFaults, stranger: () => IdentityAuthority) {
    this.current = current;
    this.#stranger = stranger;
  }

  get stranger(): IdentityAuthority {
    return this.#stranger();
  }
}
