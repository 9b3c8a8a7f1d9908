import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { delimiter } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { describe, EXIT, HarnessError } from '../../core/errors.ts';

/** What a kubeconfig says about one context. */
export interface KubeCredentials {
  kubeconfig: string;
  context: string;
  /** URL of the API server, without a slash at its end. */
  server: string;
  /** All of it, with that context for the current one. */
  config: KubeConfig;
  /** What an HTTPS request needs: trust, client certificate, headers with a token that is still valid, agent. */
  requestOptions(): Promise<RequestOptions>;
}

const HINT = 'give the kubeconfig of a cluster that is there, e.g. of `kind get kubeconfig --name NAME`';

/**
 * Reads a kubeconfig. Neither KUBECONFIG nor ~/.kube/config are looked at: a cluster that was not named is never touched.
 * @param options.kubeconfig a file; or several as KUBECONFIG has them, merged as kubectl does
 * @param options.context null: the current one of the file
 * @throws HarnessError KUBECONFIG_BAD
 */
export async function readKubeconfig(options: {
  kubeconfig: string;
  context?: string | null;
}): Promise<KubeCredentials> {
  const { kubeconfig } = options;
  const bad = (what: string, cause?: unknown) =>
    new HarnessError('KUBECONFIG_BAD', `${kubeconfig}: ${what}`, { hint: HINT, exitCode: EXIT.environment, cause });
  const files = existsSync(kubeconfig) ? [kubeconfig] : kubeconfig.split(delimiter).filter((file) => existsSync(file));
  const [first, ...others] = files;
  if (first === undefined) throw bad('there is no such file');
  // It is large, and most commands do without it.
  const { KubeConfig } = await import('./client-library.ts');
  const config = new KubeConfig();
  try {
    config.loadFromFile(first);
    for (const file of others) {
      const more = new KubeConfig();
      more.loadFromFile(file);
      addTo(config, more);
    }
  } catch (error) {
    throw bad(`it can't be read as a kubeconfig: ${describe(error).split('\n', 1)[0]}`, error);
  }
  const context = options.context ?? config.getCurrentContext();
  const names = config.getContexts().map(({ name }) => name);
  const known = names.length > 0 ? `it has ${names.join(', ')}` : 'it has none';
  if (!context) throw bad(`it has no current context; ${known}`);
  if (!names.includes(context)) throw bad(`it has no context "${context}"; ${known}`);
  config.setCurrentContext(context);
  const { cluster: clusterName, user: userName } = config.getContextObject(context)!;
  const cluster = config.getCurrentCluster();
  if (!cluster) throw bad(`its context "${context}" names the cluster "${clusterName}", which it does not have`);
  if (!config.getCurrentUser())
    throw bad(`its context "${context}" names the user "${userName}", which it does not have`);
  if (!URL.canParse(cluster.server))
    throw bad(`the server of its cluster "${clusterName}" is no URL: ${cluster.server}`);
  const credentials = {
    kubeconfig,
    context,
    server: cluster.server.replace(/\/+$/, ''),
    config,
    requestOptions: () => requestOptions(config),
  };
  try {
    await credentials.requestOptions();
  } catch (error) {
    throw bad(`the credentials of its context "${context}" can't be used: ${describe(error)}`, error);
  }
  return credentials;
}

/** What the first file does not have: of two of a name, and of two current contexts, the first counts. */
function addTo(config: KubeConfig, more: KubeConfig): void {
  const isNew = (known: readonly { name: string }[]) => (one: { name: string }) =>
    !known.some(({ name }) => name === one.name);
  for (const cluster of more.clusters.filter(isNew(config.clusters))) config.addCluster(cluster);
  for (const user of more.users.filter(isNew(config.users))) config.addUser(user);
  for (const context of more.contexts.filter(isNew(config.contexts))) config.addContext(context);
  if (!config.getCurrentContext()) config.setCurrentContext(more.getCurrentContext());
}

async function requestOptions(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  // Its own agent is of use only for what ours can't do: going through a proxy.
  if (!config.getCurrentCluster()?.proxyUrl) delete options.agent;
  return options;
}
