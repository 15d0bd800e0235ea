/** What went wrong, in words of the page's language. */

import { t } from "./texts.js";

/** @param {{code?: string, message?: string}} error  of the daemon @param {{message: number}} limits */
export function commandFault(error, limits) {
  const texts = {
    not_found: t("It could not be delivered: this conversation is not open to you."),
    not_yours: t("Only its author may change a message."),
    empty: t("The message is empty."),
    too_long: t("The message is longer than {count} characters.", { count: limits.message }),
    characters: t("The message contains control characters."),
    conflict: t("The message was changed meanwhile."),
    deleted: t("The message was deleted."),
  };
  return texts[error.code] ?? error.message ?? t("The message could not be stored.");
}

/** @param {import("./http.js").HttpError} fault */
export function requestFault(fault) {
  if (fault.status === 0) return t("The server can not be reached. Try again shortly.");
  return fault.text || t("Something broke. Try again shortly.");
}
