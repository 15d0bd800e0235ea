/** A room as the server keeps it: the model that timelines are compared with. */
export class RoomLog {
  version = 0;
  messages = [];

  create(author = { id: 1, name: "anna" }) {
    this.version += 1;
    const number = this.messages.length + 1;
    return this.#put({
      type: "message",
      room: 1,
      number,
      version: this.version,
      author,
      client_id: `c${number}`,
      body: `text ${this.version}`,
      body_version: this.version,
      at: this.version,
    });
  }

  edit(number) {
    this.version += 1;
    const body = `text ${this.version}`;
    return this.#put({
      ...this.messages[number - 1],
      version: this.version,
      body,
      body_version: this.version,
    });
  }

  delete(number) {
    this.version += 1;
    return this.#put({ ...this.messages[number - 1], version: this.version, body: "", deleted: true });
  }

  /** A change of the room itself. */
  meta() {
    this.version += 1;
    return { type: "room", room: 1, version: this.version };
  }

  changes(since) {
    const messages = this.messages.filter((message) => message.version > since);
    return {
      type: "changes",
      room: 1,
      from: since,
      to: this.version,
      messages: messages.sort((a, b) => a.version - b.version),
    };
  }

  page(before = Infinity, size = 5) {
    const older = this.messages.filter((message) => message.number < before);
    const messages = older.slice(-size);
    return {
      room: { id: 1 },
      version: this.version,
      messages,
      more: messages.length > 0 && messages[0].number > 1,
    };
  }

  /** A page with the messages of these numbers, where there are any. */
  rows(first, last) {
    const messages = this.messages.slice(first - 1, last);
    return {
      room: { id: 1 },
      version: this.version,
      messages,
      more: first > 1,
      newer: last < this.messages.length,
    };
  }

  #put(message) {
    this.messages[message.number - 1] = message;
    return message;
  }
}
