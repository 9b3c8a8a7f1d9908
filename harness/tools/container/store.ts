import { accessSync, constants, existsSync } from 'node:fs';
import { getContainerRuntimeClient, ImageName } from 'testcontainers';
import { describe } from '../../core/errors.ts';

const SOCKET = '/var/run/docker.sock';

/** Whether Docker's store has an image, or why that can't be told. */
export async function findImage(image: string): Promise<'there' | 'missing' | { reason: string }> {
  try {
    const client = await getContainerRuntimeClient();
    return (await client.image.exists(ImageName.fromString(image))) ? 'there' : 'missing';
  } catch (error) {
    return { reason: whyNoDocker() ?? `Docker does not answer: ${describe(error)}` };
  }
}

function whyNoDocker(): string | null {
  if (process.env.DOCKER_HOST) return null;
  if (!existsSync(SOCKET)) return `there is no Docker (no ${SOCKET})`;
  try {
    accessSync(SOCKET, constants.R_OK | constants.W_OK);
    return null;
  } catch {
    return `no permission to use Docker's socket ${SOCKET}`;
  }
}
