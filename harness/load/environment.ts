/**
 * The environment k6 runs in: the user's, without what would change the script's options behind its back (K6_VUS, ...),
 * send its requests through an HTTP proxy, or make it look for extensions on the network.
 */
export function k6Environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !name.startsWith('K6_') && !/^(https?|all|no)_proxy$/i.test(name),
  );
  return {
    // Rarer garbage collections leave more of the processor to the mesh under test.
    GOGC: '400',
    ...Object.fromEntries(kept),
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
    K6_NO_USAGE_REPORT: 'true',
  };
}
