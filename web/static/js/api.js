/** The web service's JSON interface, one function an address. All reject with `HttpError`. */

export class Api {
  /** @param {import("./http.js").Http} http */
  constructor(http) {
    this.http = http;
  }

  /** Every public room: `{id, name, member_count, member}`. */
  async publicRooms() {
    return (await this.http.get("/api/rooms")).rooms;
  }

  /** @param {string} name @returns {Promise<import("./rooms.js").Summary>} */
  async createRoom(name) {
    return (await this.http.post("/api/rooms", { name })).summary;
  }

  /** @param {number} room @returns {Promise<import("./rooms.js").Summary>} */
  async join(room) {
    return (await this.http.post(`/api/rooms/${room}/join`)).summary;
  }

  /** @param {number} room */
  leave(room) {
    return this.http.post(`/api/rooms/${room}/leave`);
  }

  /**
   * The newest page of history, or the one before the number `before`.
   * @param {number} room
   * @param {number} [before]
   */
  messages(room, before) {
    return this.http.get(`/api/rooms/${room}/messages${before === undefined ? "" : `?before=${before}`}`);
  }

  /** A user by nickname, and the direct room with them if there is one. @param {string} name */
  direct(name) {
    return this.http.get(`/api/direct/${encodeURIComponent(name)}`);
  }
}
