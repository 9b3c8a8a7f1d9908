import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, EXIT, HarnessError } from '../core/errors.ts';
import type { PrometheusAccess } from '../prometheus/access.ts';

/** What was said of a Prometheus that runs somewhere, and of who asks it. */
export interface AccessArguments {
  url: string | undefined;
  tokenFile: string | undefined;
  ca: string | undefined;
  user: string | undefined;
  passwordFile: string | undefined;
}

/**
 * Its URL with how to be let in; null where none is named.
 * @param option its name, e.g. `--prometheus`; those of the credentials begin with it
 * @throws HarnessError USAGE
 */
export async function prometheusOf(
  { url, tokenFile, ca, user, passwordFile }: AccessArguments,
  option: string,
): Promise<{ url: string; access: PrometheusAccess } | null> {
  const given = [tokenFile, ca, user, passwordFile];
  if (url === undefined && given.some((one) => one !== undefined)) {
    throw usage('credentials of a Prometheus that is not named', `add ${option} URL`);
  }
  if ((user === undefined) !== (passwordFile === undefined)) {
    throw usage(`${option}-user and ${option}-password-file go together`, 'give both of them, or none');
  }
  const access = {
    ...(tokenFile !== undefined && { bearerToken: await contentOf(`${option}-token-file`, tokenFile) }),
    ...(ca !== undefined && { tls: { ca: await contentOf(`${option}-ca`, ca) } }),
    ...(user !== undefined && {
      basicAuth: {
        username: user,
        password: (await contentOf(`${option}-password-file`, passwordFile!)).replace(/\r?\n$/, ''),
      },
    }),
  };
  return url === undefined ? null : { url: urlOf(url, option), access };
}

/** As kubectl has it: the files of KUBECONFIG, which `readKubeconfig` merges; else the one in the home folder. */
export function defaultKubeconfig(env: NodeJS.ProcessEnv): string {
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  return named.length > 0 ? named.join(delimiter) : join(env.HOME || homedir(), '.kube', 'config');
}

export function usage(message: string, hint: string): HarnessError {
  return new HarnessError('USAGE', message, { hint, exitCode: EXIT.invalidInput });
}

function urlOf(text: string, option: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text;
  throw usage(
    `${option}: ${text.replace(/\/\/[^/@]*@/, '//')} is no URL`,
    'write http://host:port, or https://host/path',
  );
}

async function contentOf(option: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw usage(`${option}: ${describe(error)}`, 'name a file that can be read');
  }
}
