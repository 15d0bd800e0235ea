/** `localStorage`, or, where the browser forbids it, something like it that lives as long as the page. */

/** @returns {Storage} */
export function durableStorage() {
  try {
    const probe = "parley:probe";
    localStorage.setItem(probe, "1");
    localStorage.removeItem(probe);
    return localStorage;
  } catch {
    return new MemoryStorage();
  }
}

/** @implements {Storage} */
export class MemoryStorage {
  #held = new Map();

  get length() {
    return this.#held.size;
  }

  key(index) {
    return [...this.#held.keys()][index] ?? null;
  }

  getItem(key) {
    return this.#held.get(key) ?? null;
  }

  setItem(key, value) {
    this.#held.set(key, String(value));
  }

  removeItem(key) {
    this.#held.delete(key);
  }

  clear() {
    this.#held.clear();
  }
}
