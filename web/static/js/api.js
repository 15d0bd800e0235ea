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
   * A page of history: the newest one, or the one before, after or around a number.
   * @param {number} room
   * @param {{before?: number, after?: number, around?: number}} [where]  one of them, or none
   * @returns {Promise<import("./timeline.js").Page>}
   */
  messages(room, where = {}) {
    const query = new URLSearchParams(where).toString();
    return this.http.get(`/api/rooms/${room}/messages${query && `?${query}`}`);
  }

  /**
   * Those of these messages that there are.
   * @param {number} room @param {number[]} numbers  50 at most
   * @returns {Promise<import("./timeline.js").Page>}
   */
  originals(room, numbers) {
    return this.http.get(`/api/rooms/${room}/messages?numbers=${numbers.join()}`);
  }

  /** The names of people. @param {number[]} ids  200 at most @returns {Promise<import("./timeline.js").User[]>} */
  async people(ids) {
    return (await this.http.get(`/api/people?ids=${ids.join()}`)).people;
  }

  /**
   * Members of a room, by name, 50 a page.
   * @param {number} room
   * @param {{q?: string, after?: string}} [which]  `q`: whose names begin so; `after`: the page that follows this name
   * @returns {Promise<{members: {id: number, name: string, role: string}[], more: boolean}>}
   */
  members(room, which = {}) {
    const query = new URLSearchParams(which).toString();
    return this.http.get(`/api/rooms/${room}/members${query && `?${query}`}`);
  }

  /** @param {number} room @param {{name: string, topic: string}} about @returns {Promise<import("./rooms.js").Summary>} */
  async changeRoom(room, about) {
    return (await this.http.post(`/api/rooms/${room}`, about)).summary;
  }

  /**
   * What calls the user in a room.
   * @param {number} room @param {import("./own-state.js").Level} level
   * @returns {Promise<import("./own-state.js").Marker>}
   */
  setLevel(room, level) {
    return this.http.post(`/api/rooms/${room}/level`, { level });
  }

  /** A user by nickname, and the direct room with them if there is one. @param {string} name */
  direct(name) {
    return this.http.get(`/api/direct/${encodeURIComponent(name)}`);
  }
}
