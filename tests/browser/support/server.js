// A real server for a walk: temporary, on a free port, gone afterwards.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What it says of itself: an ephemeral one a line on stdout, another one the line `ready` of its log. */
async function ready(child, ephemeral) {
  const said = [];
  child.stderr.on('data', (text) => said.push(String(text)));
  for await (const line of createInterface({ input: ephemeral ? child.stdout : child.stderr })) {
    const told = line.startsWith('{') ? JSON.parse(line) : {};
    if (told.url) return { api_url: `${told.url}/api/v1`, ...told };
  }
  throw new Error(`the server did not start: ${said.join('')}`);
}

/** Starts one; `seed` is a document (absent: a fresh server without accounts). Answers `{ url, admin, environments, stop }`. */
export async function serve({ seed, more = [] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'dashboard-'));
  const parts = ['serve', '--port', '0', '--log-format', 'json', ...more];
  if (seed) {
    await writeFile(join(folder, 'seed.yaml'), JSON.stringify(seed));
    parts.push('--ephemeral', '--seed', join(folder, 'seed.yaml'));
  } else {
    parts.push('--data', join(folder, 'fresh.redb'));
  }
  const child = spawn(process.env.PHASEFLAG, parts, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise((resolve) => { child.on('exit', resolve); });
  const there = await ready(child, seed !== undefined);
  return {
    ...there,
    async api(method, path, body) {
      const response = await fetch(`${there.api_url}${path}`, {
        method, headers: { Authorization: `Bearer ${there.admin.token}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return response.status === 204 ? null : (await response.json()).data;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
