import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Backoff } from "../../web/static/js/backoff.js";
import { Connection } from "../../web/static/js/connection.js";
import { Clock } from "./clock.js";

class Socket {
  static made = [];

  constructor(url, subprotocol) {
    Object.assign(this, { url, subprotocol, sent: [], closed: false });
    Socket.made.push(this);
  }

  static get last() {
    return Socket.made.at(-1);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.closed = true;
  }

  say(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }

  greet() {
    this.onopen();
    this.say({ type: "welcome" });
  }
}

let clock;
let events;
let connection;

afterEach(() => Clock.uninstall());

beforeEach(() => {
  clock = Clock.install();
  Socket.made = [];
  events = [];
  const told = (name) => (about) => events.push(about === undefined ? name : `${name} ${about}`);
  const listener = {
    hello: () => ({ type: "hello" }),
    onMessage: (message) => events.push(message.type),
    onUp: told("up"),
    onDown: told("down"),
    onDrain: told("drain"),
    onRefused: told("refused"),
    onTooBig: told("too big"),
  };
  connection = new Connection("ws://x/ws", listener, {
    WebSocket: Socket,
    backoff: new Backoff({ random: () => 0.5 }),
  });
  connection.open();
});

test("it says hello and is up after the welcome", () => {
  assert.equal(Socket.last.subprotocol, "parley.v1");
  assert.equal(connection.send({ type: "send" }), false);
  Socket.last.greet();
  assert.equal(connection.send({ type: "send" }), true);
  assert.deepEqual(
    [events, Socket.last.sent.map((one) => one.type)],
    [
      ["welcome", "up"],
      ["hello", "send"],
    ],
  );
});

test("a server that says try again is tried again within four seconds, however often", () => {
  for (let attempt = 0; attempt < 8; attempt += 1) {
    Socket.last.onopen();
    Socket.last.onclose({ code: 1013 });
    const before = Socket.made.length;
    clock.tick(4000);
    assert.equal(Socket.made.length, before + 1);
  }
});

test("it comes back after a while that grows, and at once when woken", () => {
  for (const wait of [750, 1250, 2250]) {
    Socket.last.onclose({ code: 1006 });
    const made = Socket.made.length;
    clock.tick(wait - 1);
    assert.equal(Socket.made.length, made);
    clock.tick(1);
    assert.equal(Socket.made.length, made + 1);
  }
  Socket.last.onclose({ code: 1006 });
  connection.wake();
  assert.equal(Socket.made.length, 5);
});

test("the waits are short again after ten stable seconds only", () => {
  Socket.last.onclose({ code: 1006 });
  connection.wake();
  Socket.last.greet();
  clock.tick(9000);
  assert.equal(connection.backoff.failures, 1);
  clock.tick(1000);
  assert.equal(connection.backoff.failures, 0);
});

test("a connection that was lost soon after its welcome is tried again within two seconds", () => {
  for (let failure = 0; failure < 8; failure += 1) {
    Socket.last.onclose({ code: 1006 });
    connection.wake();
  }
  Socket.last.greet();
  Socket.last.onclose({ code: 1012 });
  const made = Socket.made.length;
  clock.tick(2000);
  assert.equal(Socket.made.length, made + 1);
});

test("who was told of too many waits longer each time, also after a connection that lasted", () => {
  const waits = [];
  for (let attempt = 0; attempt < 4; attempt += 1) {
    Socket.last.greet();
    if (attempt === 0) clock.tick(11_000);
    Socket.last.onclose({ code: 4029 });
    const made = Socket.made.length;
    for (waits[attempt] = 0; Socket.made.length === made; waits[attempt] += 250) clock.tick(250);
  }
  assert.deepEqual(waits, [4_250, 8_250, 15_250, 15_250]);
});

test("a line that is half open is given up ten seconds after a ping", () => {
  Socket.last.greet();
  const [socket] = Socket.made;
  clock.tick(25_000);
  assert.equal(socket.sent.at(-1).type, "ping");
  socket.say({ type: "pong" });
  clock.tick(25_000);
  clock.tick(10_000);
  assert.deepEqual([socket.closed, connection.up], [true, false]);
  socket.onmessage?.({ data: '{"type":"late"}' });
  assert.deepEqual(events, ["welcome", "up", "down"]);
});

test("signed out or of another protocol: it does not come back", () => {
  connection.end();
  events = [];
  for (const code of [4001, 4003]) {
    const one = new Connection("ws://x/ws", connection.listener, { WebSocket: Socket });
    one.open();
    Socket.last.onclose({ code });
    const made = Socket.made.length;
    clock.tick(60_000);
    one.wake();
    assert.equal(Socket.made.length, made);
  }
  assert.deepEqual(events, ["down", "refused 4001", "down", "refused 4003"]);
});

test("a draining daemon is left within the time that it gives", () => {
  Socket.last.greet();
  Socket.last.say({ type: "drain", within: 8 });
  clock.tick(8000);
  assert.equal(Socket.made.length, 2);
  assert.deepEqual(events, ["welcome", "up", "drain", "down"]);
});

test("a message that was too big is told before the connection is down", () => {
  Socket.last.greet();
  Socket.last.onclose({ code: 1009 });
  assert.deepEqual(events, ["welcome", "up", "too big", "down"]);
});

test("a handshake that nobody answers is given up", () => {
  clock.tick(15_000);
  assert.equal(connection.socket, null);
});
