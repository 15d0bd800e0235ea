// `ws` beside Redis, as its README broadcasts: the same Buffer to every open client, compression off (the default).
//
//     node node_ws.js ADDRESS REDIS_URL

import { createServer } from "node:http";
import { WebSocket, WebSocketServer } from "ws";
import { connectRedis, listen } from "./common.js";

const [address, redisUrl] = process.argv.slice(2);
const server = createServer();
const clients = new WebSocketServer({ server }).clients;

const subscriber = await connectRedis(redisUrl);
await subscriber.subscribe(
    "bench:0",
    (data) => {
        for (const client of clients) {
            if (client.readyState === WebSocket.OPEN) {
                client.send(data, { binary: false });
            }
        }
    },
    true, // as Buffers: each send would encode a string anew
);
listen(server, address);
