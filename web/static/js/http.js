/** Requests to the web service, with the cookie and the form token. */

/** The service refused, or could not be reached (`status` 0). */
export class HttpError extends Error {
  /**
   * @param {number} status
   * @param {{error?: string, message?: string, field?: string}} answer
   * @param {number} retryAfter  seconds; 0 where not said
   */
  constructor(status, answer = {}, retryAfter = 0) {
    super(answer.message || answer.error || `HTTP ${status}`);
    this.status = status;
    this.code = answer.error ?? "";
    this.field = answer.field ?? "";
    this.text = answer.message ?? "";
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed later. */
  get temporary() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const TIMEOUT_MILLISECONDS = 20_000;

export class Http {
  /** @param {string} token  the form token @param {() => void} onSignedOut */
  constructor(token, onSignedOut) {
    this.token = token;
    this.onSignedOut = onSignedOut;
  }

  /** @param {string} path @returns {Promise<any>} rejects with `HttpError` */
  get(path) {
    return this.#request(path, { method: "GET" });
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} [fields]
   * @returns {Promise<any>} rejects with `HttpError`
   */
  post(path, fields = {}) {
    return this.#request(path, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { "X-CSRFToken": this.token },
    });
  }

  async #request(path, options) {
    const headers = { Accept: "application/json", ...options.headers };
    const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
    let response;
    let answer;
    try {
      response = await fetch(path, { ...options, headers, signal, cache: "no-store", redirect: "error" });
      answer = response.status === 204 ? null : await response.json();
    } catch {
      // Not reached, cut off, or no JSON, as a proxy's own error page is none.
      throw new HttpError(response && !response.ok ? response.status : 0);
    }
    if (response.ok) return answer;
    if (response.status === 401) this.onSignedOut();
    throw new HttpError(response.status, answer, Number(response.headers.get("Retry-After")) || 0);
  }
}
