import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ReleasePlatform, TOOLS, type ToolName } from '../../catalogue.ts';
import { sha256, tarGz, zip } from './pack.ts';

type Answer = Buffer | string | ((response: ServerResponse, request: IncomingMessage) => void);

/**
 * For tests: the servers that releases are downloaded from, with the same paths: one that redirects each download to another,
 * as github.com does.
 */
export class ReleaseServer implements AsyncDisposable {
  /** By path. */
  readonly files = new Map<string, Answer>();
  /** Paths that were asked for, at the first. */
  readonly asked: string[] = [];
  /** Requests at the other. */
  readonly assetRequests: IncomingMessage[] = [];
  url = '';
  /** Whether downloads go through the other one. */
  redirects = false;
  readonly #front = createServer((request, response) => {
    this.asked.push(request.url!);
    if (this.redirects && this.files.has(request.url!)) {
      response.writeHead(302, { location: `${this.#assetsUrl}${request.url}` }).end();
    } else this.#answer(request, response);
  });
  readonly #assets = createServer((request, response) => {
    this.assetRequests.push(request);
    this.#answer(request, response);
  });
  #assetsUrl = '';

  static async start(): Promise<ReleaseServer> {
    const server = new ReleaseServer();
    for (const each of [server.#front, server.#assets]) await once(each.listen(0, '127.0.0.1'), 'listening');
    const urlOf = (each: Server) => `http://127.0.0.1:${(each.address() as AddressInfo).port}`;
    server.url = urlOf(server.#front);
    server.#assetsUrl = urlOf(server.#assets);
    return server;
  }

  /** Puts up a program as its project does, with its checksum beside it. */
  publish(name: ToolName, version: string, platform: ReleasePlatform, program: Buffer, sum?: string): Published {
    const asset = TOOLS[name].release.asset(version, platform)!;
    const data = asset.inArchive === null ? program : packed(asset.file, asset.inArchive, program);
    const path = `/${asset.folder}/${asset.file}`;
    const checksumPath = `/${asset.folder}/${asset.checksums}`;
    this.files.set(path, data);
    this.files.set(checksumPath, checksums(name, asset.file, sum ?? sha256(data)));
    return { path, checksumPath, file: asset.file, data };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const answer = this.files.get(request.url!);
    if (answer === undefined) response.writeHead(404).end('Not Found');
    else if (typeof answer === 'function') answer(response, request);
    else response.end(answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [this.#front, this.#assets]) {
      each.closeAllConnections();
      await new Promise((done) => each.close(done));
    }
  }
}

export interface Published {
  path: string;
  checksumPath: string;
  file: string;
  data: Buffer;
}

/** One folder with the program and other files in it. */
function packed(file: string, member: string, program: Buffer): Buffer {
  const folder = member.slice(0, member.lastIndexOf('/') + 1);
  const members = [
    { path: folder, data: Buffer.alloc(0) },
    { path: `${folder}LICENSE`, data: Buffer.from('a licence') },
    { path: `${folder}prometheus.yml`, data: Buffer.alloc(1000, '#') },
    { path: member, data: program },
    { path: `${folder}NOTICE`, data: Buffer.from('a notice') },
  ];
  return file.endsWith('.zip') ? zip(members) : tarGz(members);
}

/** As each project writes them. */
function checksums(name: ToolName, file: string, sum: string): string {
  const other = '0'.repeat(64);
  switch (name) {
    case 'k6':
    case 'prometheus':
    case 'promtool':
      return `${other}  something-else.plan9-386.tar.gz\n${sum}  ${file}\n${other}  last.zip\n`;
    case 'kind':
      return `${sum}  ${file}\n`;
    default:
      return sum;
  }
}
