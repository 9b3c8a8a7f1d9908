/** Flow-control windows, bytes: of a stream as Linkerd's default, of a connection large enough for many streams. */
export const H2_WINDOW = 16 * 1024 * 1024;

/**
 * Limits that Node sets against hostile peers are lifted: both ends are ours, and a load test that gives up on many
 * requests must not lose its connection for it.
 */
export const SESSION_OPTIONS = {
  settings: { enablePush: false, initialWindowSize: 1024 * 1024, maxConcurrentStreams: 100_000 },
  peerMaxConcurrentStreams: 100_000,
  maxSessionMemory: 1000,
  maxSessionRejectedStreams: 1_000_000,
  maxSessionInvalidFrames: 1_000_000,
  maxHeaderListPairs: 1000,
  streamResetBurst: 1_000_000,
  streamResetRate: 1_000_000,
};
