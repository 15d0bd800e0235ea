/** How people, times and lengths are shown. Pure, but for the clock and the zone of the browser. */

export const GROUP_MILLISECONDS = 5 * 60 * 1000;
const COLOURS = 12;

/** The first two letters of a name, for an avatar. @param {string} name */
export function initials(name) {
  const parts = name.split(/[_\s]+/u).filter(Boolean);
  const letters =
    parts.length > 1 ? [...parts[0]][0] + [...parts[1]][0] : [...(parts[0] ?? name)].slice(0, 2).join("");
  return letters.toUpperCase();
}

/** The hue of a user, in degrees: ids that follow each other lie far apart. @param {number} id */
export function hueOf(id) {
  return ((id * 5) % COLOURS) * (360 / COLOURS);
}

/** Whether `next` is shown under the heading of `previous`. */
export function isGrouped(previous, next) {
  return (
    previous !== undefined &&
    previous.author.id === next.author.id &&
    next.at - previous.at < GROUP_MILLISECONDS &&
    next.at >= previous.at &&
    isSameDay(previous.at, next.at)
  );
}

/** @param {number} one @param {number} other  milliseconds since 1970 UTC */
export function isSameDay(one, other) {
  return new Date(one).toDateString() === new Date(other).toDateString();
}

/** Code points, as the server counts them. @param {string} text */
export function lengthOf(text) {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/**
 * What people type as it can be sent: without control characters, which draw nothing and which
 * nobody could find to remove, and without halves of characters.
 * @param {string} text
 */
export function sendable(text) {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "")
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "")
    .replace(/^\s*\n/u, "")
    .trimEnd();
}

/** Times of day, days and full times in one language. */
export class Times {
  /** @param {string} locale */
  constructor(locale) {
    this.hours = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
    this.days = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
    this.years = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
    this.fulls = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" });
    this.relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  }

  time(at) {
    return this.hours.format(at);
  }

  full(at) {
    return this.fulls.format(at);
  }

  /** "Today", "Yesterday", else the date. @param {number} at @param {number} [now] */
  day(at, now = Date.now()) {
    for (const back of [0, 1]) {
      if (isSameDay(at, daysBefore(now, back))) return capital(this.relative.format(-back, "day"));
    }
    return (new Date(at).getFullYear() === new Date(now).getFullYear() ? this.days : this.years).format(at);
  }
}

function daysBefore(now, days) {
  const date = new Date(now);
  date.setDate(date.getDate() - days); // not 24 hours: a day may have 23 or 25
  return date.getTime();
}

function capital(text) {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
