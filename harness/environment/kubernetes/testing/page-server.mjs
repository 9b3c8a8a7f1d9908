// Runs in a pod, by `node -e`: pages that a careless relay would break.
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';

const line = 'x{le="+Inf",path="/%2F?q=\\"é\\"",html="<a href=\'/b\'>&amp;"} 1e+06\n';
const page = `# HELP x "a" <b href="/c"> & ü\u2028 \\n\n${line.repeat(8000)}`;
const pages = {
  '/metrics': () => [200, { 'content-type': 'text/plain; version=0.0.4' }, page],
  '/gzip': () => [200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }, gzipSync(page)],
  '/json': () => [200, { 'content-type': 'application/json' }, JSON.stringify({ page })],
  '/no-length': () => [200, { 'content-type': 'text/plain', 'transfer-encoding': 'chunked' }, page],
  '/away': () => [302, { location: '/metrics?x=1' }, ''],
  '/refuse': () => [503, { 'content-type': 'application/json' }, '{"status":"error"}'],
};
createServer((request, response) => {
  const path = request.url.split('?')[0];
  if (path === '/echo') {
    // Only when all of it has come: over HTTP/1.1 the API server may lose an answer that begins before.
    const headers = { 'x-url': request.url, 'x-method': request.method };
    buffer(request).then((body) => response.writeHead(201, headers).end(body));
  } else if (path === '/cut') {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('half', () => response.destroy());
  } else if (path === '/stream') {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('first');
    // The rest comes only when the reader has had the first part.
    pages['/go-on'] = () => {
      response.end('last');
      return [204, {}, ''];
    };
  } else {
    const [status, headers, body] = (pages[path] ?? (() => [404, {}, 'none']))();
    response.writeHead(status, headers).end(body);
  }
}).listen(8080);
