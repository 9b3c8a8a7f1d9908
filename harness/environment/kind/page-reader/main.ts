import { PAGE_READER, PAGE_READER_ENV } from './contract.ts';
import { pageReader } from './server.ts';

const server = pageReader(process.env[PAGE_READER_ENV.via] || null);
process.on('SIGTERM', () => {
  // Nothing is left to do then, so the process ends.
  server.close();
  server.closeAllConnections();
});
server.listen(PAGE_READER.port);
