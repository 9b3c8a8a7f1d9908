import { sleep } from '../../../core/wait.ts';
import { BackgroundWork } from '../../background-work.ts';
import type { Member, Members } from '../members.ts';

const EVERY_MS = 200;

/** Reads the pages of pods that are leaving again and again, until they are gone: the last one stays. */
export class LastPages extends BackgroundWork {
  readonly #members: Pick<Members, 'page'>;

  constructor(members: Pick<Members, 'page'>) {
    super();
    this.#members = members;
  }

  follow(member: Member): void {
    this.begin(async (signal) => {
      while (!member.gone && !signal.aborted) {
        try {
          member.lastPage = await this.#members.page(member);
        } catch {
          // It has ended, or is about to; while it lives the next attempt tells more.
        }
        await sleep(EVERY_MS, signal);
      }
    });
  }
}
