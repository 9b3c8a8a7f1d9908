import { Cast } from './cast.ts';
import type { GzipWriter } from './gzip-writer.ts';
import { Load } from './load.ts';
import { modelPage, type PageModel } from './page-model.ts';
import { PageWriter } from './page-writer.ts';
import { type Random, seededRandom } from './random.ts';
import type { FleetConfig } from './types.ts';

/** What one pod's proxy has counted; a few kilobytes. */
export interface ProxyState {
  workload: number;
  /** As its page shows it. */
  ip: string;
  values: Float64Array;
  /** Up to when it has counted, epoch s. */
  countedUntil: number;
}

/** The pages of a fleet, made from what its pods share and the little that each has of its own. */
export class Pages {
  readonly model: PageModel;
  readonly cast: Cast;
  readonly samples: number;
  readonly maxBytes: number;
  readonly #load: Load;
  readonly #writer: PageWriter;
  readonly #random: Random;
  /** Made when it is first asked for. */
  #gzip: GzipWriter | null = null;
  readonly #texts = new Map<number, Buffer>();

  constructor(config: FleetConfig) {
    this.model = modelPage(config.shape);
    this.cast = new Cast({ seed: config.seed, pods: config.pods, replicas: config.replicas ?? DEFAULT_REPLICAS });
    this.#load = new Load(this.model, config);
    this.#writer = new PageWriter(this.model, this.#load.moving);
    this.samples = this.#writer.samples;
    this.maxBytes = this.#writer.maxBytes;
    this.#random = seededRandom(config.seed);
  }

  /** A proxy that has served for `ageSeconds` at `now`, epoch s. */
  proxy(workload: number, ip: string, now: number, ageSeconds: number): ProxyState {
    const startSeconds = Math.floor(now - ageSeconds);
    const values = this.#load.start(startSeconds);
    return { workload, ip, values, countedUntil: startSeconds + FIRST_SECONDS };
  }

  /** Lets it count up to `now`, writes its page, and counts the scrape. @returns the page's length in `out` */
  write(proxy: ProxyState, now: number, out: Buffer): number {
    if (now > proxy.countedUntil) {
      this.#load.pass(proxy.values, now - proxy.countedUntil, this.#random);
      proxy.countedUntil = now;
    }
    const length = this.#writer.write(out, this.#text(proxy.workload), proxy.ip, proxy.values);
    this.#load.scraped(proxy.values);
    return length;
  }

  /** Compresses the page that was written last. @returns the length in `out`, which has room for `maxBytesOfGzip` */
  compress(page: Buffer, out: Buffer): number {
    return this.#compressor().write(out, page, this.#writer.layout);
  }

  get maxBytesOfGzip(): number {
    return this.#compressor().maxBytes;
  }

  #compressor(): GzipWriter {
    this.#gzip ??= this.#writer.gzip();
    return this.#gzip;
  }

  #text(workload: number): Buffer {
    let text = this.#texts.get(workload);
    if (text === undefined) {
      text = this.#writer.textOf(this.cast.namesOf(workload, this.model));
      this.#texts.set(workload, text);
    }
    return text;
  }
}

export const DEFAULT_REPLICAS = 10;
/** A proxy has seen one request of each kind when it is this old: all its series are there from the first page on. */
const FIRST_SECONDS = 1;
