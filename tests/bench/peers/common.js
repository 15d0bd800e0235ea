// What the peers on Node share.

import { createClient } from "redis";

/** A connected client; `url` is `unix://PATH` or `redis://HOST:PORT`. */
export async function connectRedis(url) {
    const client = createClient(url.startsWith("unix:") ? { socket: { path: url.replace("unix://", "") } } : { url });
    client.on("error", (fault) => {
        throw fault;
    });
    return client.connect();
}

/** Listen on `HOST:PORT`, with a backlog for many clients at once. */
export function listen(server, address) {
    const [host, port] = address.split(":");
    server.listen({ host, port: Number(port), backlog: 1024 });
}
