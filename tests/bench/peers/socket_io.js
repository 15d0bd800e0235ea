// Socket.IO with its Redis adapter, as its documentation sets up several servers ("Redis adapter"), and with
// the native add-ons of its page "Performance tuning".
//
//     node socket_io.js ADDRESS REDIS_URL            the server
//     node socket_io.js emit REDIS_URL               another process that emits what is published on bench:0

import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { Emitter } from "@socket.io/redis-emitter";
import { Server } from "socket.io";
import { connectRedis, listen } from "./common.js";

const [address, redisUrl] = process.argv.slice(2);
const publisher = await connectRedis(redisUrl);
const subscriber = await connectRedis(redisUrl);

if (address === "emit") {
    const emitter = new Emitter(publisher);
    await subscriber.subscribe("bench:0", (text) => emitter.to("room").emit("message", text));
} else {
    const server = createServer();
    const io = new Server(server, { adapter: createAdapter(publisher, subscriber), transports: ["websocket"] });
    io.on("connection", (socket) => socket.join("room"));
    listen(server, address);
}
