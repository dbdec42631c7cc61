// A cable between the browser and a server, which a walk can cut and mend: what goes through it is not looked at.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Answers `{ url, cut, mend, close }` for this server. */
export async function cable(server) {
  const { hostname, port } = new URL(server.url);
  const open = new Set();
  const through = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => { open.delete(one); other.destroy(); });
      one.pipe(other);
    }
  });
  const listen = async (on) => {
    through.listen(on, hostname);
    await once(through, 'listening');
    return through.address().port;
  };
  const mine = await listen(0);
  const cut = async () => {
    const closed = once(through, 'close');
    through.close();
    for (const one of open) one.destroy();
    await closed;
  };
  return { url: `http://${hostname}:${mine}`, cut, mend: () => listen(mine), close: cut };
}
