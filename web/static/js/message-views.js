/** Makes what one reads and writes in a conversation, and connects it: the messages, the message field, their dialogs. */

import { copyText } from "./clipboard.js";
import { PeopleSource, emojiSource } from "./completion-sources.js";
import { ComposerView } from "./composer-view.js";
import { byId } from "./dom.js";
import { Times } from "./format.js";
import { MessagesView } from "./messages-view.js";
import { t } from "./texts.js";
import { Tooltip } from "./tooltip.js";

/**
 * @param {object} boot
 * @param {object} parts  of `main.js`
 * @returns {{messages: MessagesView, composer: ComposerView}}
 */
export function messageViews(boot, parts) {
  const { app } = parts;
  const completions = [peopleSource(boot, parts), emojiSource];
  const context = messageContext(boot, parts);
  const messages = new MessagesView(boot.user, {
    ...context,
    ...messageActions(
      parts,
      () => messages,
      () => composer,
    ),
    completions,
  });
  const composer = new ComposerView(boot.limits.message, completions, {
    onSend: (body, replyTo) => app.write(body, replyTo),
    onDraft: (text) => app.typed(text),
    onReplyTo: (number) => app.replyTo(number),
    onEditLast: () => messages.editLast(),
  });
  new Tooltip(byId("message-list"));
  return { messages, composer };
}

/** What the rows of messages show besides what they are. */
function messageContext(boot, { quotes, people, reactions, emojiNames }) {
  const names = new Intl.ListFormat(boot.locale, { type: "conjunction" });
  return {
    times: new Times(boot.locale),
    addressOf,
    original: (room, number) => quotes.get(room, number),
    reactions,
    nameOf: (user) => people.name(user),
    emojiName: (emoji) => emojiNames.of(emoji),
    list: (parts) => names.format(parts),
  };
}

/** What can be done with messages. */
function messageActions(parts, messages, composer) {
  const { app, replica, outbox, actions, reactions, notice, panels } = parts;
  reactions.addEventListener("refused", ({ detail }) => notice.show(detail));
  return {
    onPick: (message, anchor) =>
      panels.ask("picker", (picker) =>
        picker.ask(anchor, {
          onTake: (emoji) => reactions.set(message, emoji, true),
          onLost: () => messages().focus(message.number),
        }),
      ),
    onWho: (message) => panels.ask("reactors", (reactors) => reactors.ask(reactions.of(message))),
    onReply: (message) => composer().replyTo(message.number),
    onCopyLink: (message) => copyLink(location.origin + addressOf(message), notice),
    onUnread: (message) => app.markUnread(message.number),
    onOlder: () => app.loadOlder(),
    onNewer: () => app.loadNewer(),
    onNewest: () => app.loadNewest(),
    onSeen: () => app.markRead(),
    onRetryHistory: () => replica.history.retry(),
    onRetry: (id) => outbox.retry(id),
    onDiscard: (id) => outbox.remove(id),
    onDelete: (message) => actions.askDelete(message),
    onSave: (message, text) => actions.saveEdit(message, text),
  };
}

function peopleSource({ user }, { app, replica, api }) {
  const room = {
    id: () => app.current?.room ?? null,
    callsAll: () => {
      const held = replica.rooms.get(app.current?.room ?? 0);
      return held?.role === "owner" && held.room.kind === "public";
    },
    recent: () => app.recentAuthors(),
    members: (id, query) => api.members(id, { q: query }),
  };
  return new PeopleSource(room, user.id);
}

function addressOf({ room, number }) {
  return `/rooms/${room}#${number}`;
}

async function copyLink(address, notice) {
  if (await copyText(address)) notice.show(t("The link is copied."), { brief: true });
  else notice.show(address); // to be copied by hand
}
