import { expect, test } from 'vitest';
import { processIdentity } from '../../core/process-identity.ts';
import { notOfThisMachine } from '../strategies/container.ts';
import { commonFolder } from './mount.ts';
import { CONTAINER_LABELS, isOrphan, ownLabels } from './owner.ts';
import { exitOf } from './start.ts';

test('the folder given to a container holds every place that the program is told of', () => {
  const run = '/home/me/results/run-1';
  const config = `--config.file=${run}/config/prometheus.yml`;
  expect(commonFolder({ args: [config, `--data=${run}/data/x`], logFile: `${run}/logs/p.log` })).toBe(run);
  expect(commonFolder({ args: [`--data=${run}/data`], cwd: `${run}/data`, logFile: `${run}/data/log` })).toBe(run);
  expect(commonFolder({ args: ['run', 'script.js', '--address', ''], cwd: run, logFile: `${run}/k6.log` })).toBe(run);
  expect(commonFolder({ args: [`${run}/k6/script.js`], cwd: `${run}/k6`, logFile: `${run}/k6/log` })).toBe(`${run}/k6`);
  // A name that begins alike is another folder.
  expect(commonFolder({ args: [], cwd: `${run}0`, logFile: `${run}/log` })).toBe('/home/me/results');
});

test('places that have nothing in common are refused, not the whole file system given away', () => {
  expect(() => commonFolder({ args: ['--config=/etc/p.yml'], logFile: '/home/me/log' })).toThrow(/\/home\/me, \/etc/);
  expect(() => commonFolder({ args: ['/home/you/p.yml'], logFile: '/home/me/log' })).toThrow(/too far apart/);
});

test('exit codes are the program’s; above 128 they are signals', () => {
  expect(exitOf(0)).toEqual({ code: 0, signal: null });
  expect(exitOf(105)).toEqual({ code: 105, signal: null });
  expect(exitOf(137)).toEqual({ code: null, signal: 'SIGKILL' });
  expect(exitOf(143)).toEqual({ code: null, signal: 'SIGTERM' });
  expect(exitOf(255)).toEqual({ code: 255, signal: null });
});

test('a container is an orphan only when the very process that started it has gone', () => {
  const owned = (owner: string) => isOrphan({ [CONTAINER_LABELS.owner]: owner });
  const { pid, pidStart } = processIdentity(process.pid)!;
  expect(isOrphan(ownLabels('k6'))).toBe(false);
  expect(owned(`${pid} ${pidStart}`)).toBe(false);
  expect(owned(`${pid} ${pidStart}1`)).toBe(true);
  expect(owned(`${pid} `)).toBe(false);
  expect(isOrphan({})).toBe(false);
  // Of another pid namespace of this machine nothing is known.
  const [boot, , ticks] = pidStart.split('/');
  expect(owned(`${pid} ${boot}/pid:[1]/${ticks}`)).toBe(false);
});

test('where containers cannot see the loopback addresses of this machine it says so', () => {
  expect(notOfThisMachine('linux', {})).toBeNull();
  expect(notOfThisMachine('linux', { DOCKER_HOST: 'unix:///run/user/1000/docker.sock' })).toBeNull();
  expect(notOfThisMachine('linux', { DOCKER_HOST: 'tcp://10.0.0.7:2375' })).toMatch(/tcp:\/\/10\.0\.0\.7:2375/);
  expect(notOfThisMachine('linux', { DOCKER_HOST: 'ssh://me@there' })).toMatch(/loopback/);
  expect(notOfThisMachine('darwin', {})).toMatch(/virtual machine/);
});
