// A second gateway beside the market's, on a supergraph of our choice.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const READY_WITHIN_MS = 20_000;

/** The binary under test: `GATEWAY_BIN`, or what cargo built last. */
export function gatewayBinary(): string {
  const binary = (profile: string) => fileURLToPath(new URL(`../../target/${profile}/gateway`, import.meta.url));
  const built = ['release', 'debug'].map(binary);
  const found = process.env['GATEWAY_BIN'] ?? built.find(existsSync);
  if (!found) throw new Error('no gateway binary: build it (`cargo build -p gateway`) or set GATEWAY_BIN');
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export interface RunningGateway {
  url: string;
  stop(): Promise<void>;
}

/** Serves `supergraph`, and trusts the tokens whose keys are at `jwksUrl`. */
export async function serve(supergraph: string, jwksUrl: string): Promise<RunningGateway> {
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(gatewayBinary(), ['serve', '--supergraph', supergraph, '--listen', address], {
    env: { ...process.env, GATEWAY_IDENTITY__JWKS_URL: jwksUrl },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (bytes) => (log += bytes));
  const ready = async () => (await fetch(`http://${address}/ready`).catch(() => undefined))?.ok;
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await ready())) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`the gateway did not get ready on the other supergraph:\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const stop = async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  return { url: `http://${address}/graphql`, stop };
}

/** What `gateway plan` prints; it fails where an operation cannot be planned. */
export async function plan(supergraph: string, operation: string): Promise<string> {
  const planning = ['plan', '--supergraph', supergraph, '--operation', operation];
  const { stdout } = await promisify(execFile)(gatewayBinary(), planning);
  return stdout;
}
