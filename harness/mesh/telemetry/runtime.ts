import type { VersionProfile } from '../profiles/index.ts';
import type { Scalar } from './families.ts';
import type { Page } from './page.ts';

export interface ProcessReading {
  cpuSeconds: number;
  virtualMemoryBytes: number;
  residentMemoryBytes: number;
  openFds: number;
  maxFds: number;
  threads: number;
  /** Of the whole pod, the app included. Left out, the bytes of the sidecar's own connections stand in. */
  networkReceiveBytes?: number;
  networkTransmitBytes?: number;
}

/** Where process_* of one sidecar come from; read at each rendering. */
export interface ProcessInfo {
  startEpochSeconds: number;
  read(): ProcessReading;
}

const TLS_INFO = {
  tls_suites: 'TLS13_AES_128_GCM_SHA256,TLS13_AES_256_GCM_SHA384,TLS13_CHACHA20_POLY1305_SHA256,',
  tls_kx_groups: 'X25519MLKEM768,X25519,secp256r1,secp384r1,',
  tls_rand: 'AwsLcRs',
  tls_key_provider: 'AwsLcRs',
  tls_fips: 'false',
};

/** The certificate's gauges read 0.0 until there is one (facts 1.8). */
export class Certificate {
  readonly #expiration: Scalar;
  readonly #refresh: Scalar;
  readonly #ok: Scalar;
  /** null: the version counts what was issued alone. */
  readonly #error: Scalar | null;

  constructor(page: Page) {
    this.#expiration = page.gauge('control_identity_cert_expiration_timestamp_seconds').with({});
    this.#refresh = page.gauge('control_identity_cert_refresh_timestamp_seconds').with({});
    const refreshes = page.counter('control_identity_cert_refreshes');
    this.#ok = refreshes.with({ result: 'ok' });
    this.#error = refreshes.profile.labels.includes('result') ? refreshes.with({ result: 'error' }) : null;
  }

  /** A failed attempt changes nothing but its count. */
  refreshed(result: 'ok' | 'error', expiresEpochSeconds: number, refreshedEpochSeconds: number): void {
    if (result === 'error') {
      if (this.#error !== null) this.#error.value++;
      return;
    }
    this.#ok.value++;
    this.#expiration.value = expiresEpochSeconds;
    this.#refresh.value = refreshedEpochSeconds;
  }
}

/** Of proxy_build_info in 2.12, whose releases were built from a detached checkout without annotated tags. */
const FORMER_BUILD_INFO = { git_branch: 'HEAD', rust_version: 'rustc 1.64.0 (a55dd71d5 2022-09-19)' };

/** proxy_build_info, rustls_info, opentelemetry_* and opencensus_* (no collector: zero), process_* and tokio_rt_* (facts 1.6, 1.7, 1.11). */
export class Runtime {
  readonly #process: ProcessInfo;
  readonly #page: Page;

  constructor(page: Page, profile: VersionProfile, process: ProcessInfo) {
    this.#page = page;
    this.#process = process;
    const { build } = profile;
    page.gauge('proxy_build_info').with({
      ...{ ...FORMER_BUILD_INFO, git_version: build.gitSha },
      date: build.date,
      git_sha: build.gitSha,
      profile: build.profile,
      vendor: build.vendor,
      version: profile.proxyVersion.replace(/^v/, ''),
    }).value = 1;
    page.gauge('rustls_info').with(TLS_INFO).value = 1;
    for (const kind of ['opencensus', 'opentelemetry']) {
      for (const name of ['export_streams', 'export_requests', 'exports'])
        page.counter(`${kind}_span_${name}`).with({});
    }
  }

  /** `polls`: how often the sidecar had something to do; `bytes` of its connections. */
  refresh(
    clock: { epochSeconds: number; uptimeSeconds: number },
    polls: number,
    bytes: { received: number; sent: number },
  ): void {
    const reading = this.#process.read();
    const uptime = clock.uptimeSeconds;
    this.#gauge('process_start_time_seconds', this.#process.startEpochSeconds);
    this.#gauge('process_clock_time_seconds', Math.floor(clock.epochSeconds));
    this.#counter('process_uptime_seconds', uptime);
    this.#counter('process_cpu_seconds', reading.cpuSeconds);
    this.#gauge('process_virtual_memory_bytes', reading.virtualMemoryBytes);
    this.#gauge('process_resident_memory_bytes', reading.residentMemoryBytes);
    this.#gauge('process_open_fds', reading.openFds);
    this.#gauge('process_max_fds', reading.maxFds);
    this.#counter('process_network_receive_bytes', reading.networkReceiveBytes ?? bytes.received);
    this.#counter('process_network_transmit_bytes', reading.networkTransmitBytes ?? bytes.sent);
    this.#gauge('process_threads', reading.threads);
    this.#tokio(polls, reading.cpuSeconds, uptime);
  }

  /** A runtime of one worker, which parks about five times a second for its timers and twice for each piece of work. */
  #tokio(polls: number, cpuSeconds: number, uptimeSeconds: number): void {
    const idleParks = Math.floor(uptimeSeconds * 5);
    this.#gauge('tokio_rt_workers', 1);
    this.#counter('tokio_rt_park', idleParks + 2 * polls);
    this.#counter('tokio_rt_noop', Math.floor(uptimeSeconds * 2.5));
    this.#counter('tokio_rt_remote_schedule', 4);
    this.#counter('tokio_rt_local_schedule', idleParks + 10 * polls);
    this.#counter('tokio_rt_polls', idleParks + 10 * polls + 3);
    this.#counter('tokio_rt_busy_seconds', cpuSeconds);
    this.#counter('tokio_rt_io_driver_ready', Math.floor(uptimeSeconds) + 2 * polls);
    for (const name of ['steal', 'steal_operations', 'overflow', 'budget_forced_yield']) {
      this.#counter(`tokio_rt_${name}`, 0);
    }
    this.#gauge('tokio_rt_injection_queue_depth', 0);
    this.#gauge('tokio_rt_local_queue_depth', 0);
  }

  #gauge(name: string, value: number): void {
    this.#page.gauge(name).with({}).value = value;
  }

  #counter(name: string, value: number): void {
    this.#page.counter(name).with({}).value = value;
  }
}
