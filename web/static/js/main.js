/** The composition root of the chat page: makes the parts and connects them. */

import { Actions } from "./actions.js";
import { watchActivity } from "./activity.js";
import { Announcer } from "./announcer.js";
import { Api } from "./api.js";
import { App } from "./app.js";
import { BadgeView } from "./badge-view.js";
import { readBoot } from "./boot.js";
import { neighbour, openChoices } from "./choices.js";
import { Commands } from "./commands.js";
import { Close, Connection } from "./connection.js";
import { ConfirmDialog, Dialog } from "./dialog.js";
import { byId } from "./dom.js";
import { Drafts } from "./drafts.js";
import { EmojiNames } from "./emoji-library.js";
import { commandFault } from "./faults.js";
import { HeaderView } from "./header-view.js";
import { Http } from "./http.js";
import { messageViews } from "./message-views.js";
import { NameDialog } from "./name-dialog.js";
import { NoticeView } from "./notice-view.js";
import { Notifier } from "./notifier.js";
import { Outbox } from "./outbox.js";
import { Panels } from "./panels-later.js";
import { People } from "./people.js";
import { Presence } from "./presence.js";
import { Quotes } from "./quotes.js";
import { Reactions } from "./reactions.js";
import { Replica } from "./replica.js";
import { Router } from "./router.js";
import { Lock, Sender } from "./sender.js";
import { listenToKeys } from "./shortcuts.js";
import { SidebarView } from "./sidebar-view.js";
import { StatusView } from "./status-view.js";
import { durableStorage } from "./storage.js";
import { SwitcherView } from "./switcher-view.js";
import { setTexts, t } from "./texts.js";
import { TypingView } from "./typing-view.js";
import { Typing } from "./typing.js";

const boot = readBoot();
setTexts(boot.texts);

const self = boot.user;
const storage = durableStorage();
const status = new StatusView();
const send = (message) => connection.send(message);
const api = new Api(new Http(boot.csrf, toSignIn));
const people = new People(api);
const quotes = new Quotes({
  find: (room, number) => replica.timelines.get(room)?.find(number),
  load: (room, numbers) => api.originals(room, numbers),
});
const presence = new Presence(send, () => replica.rooms.partners());
const typing = new Typing(self, send);
const replica = new Replica(boot, api, send, { quotes, people, presence, typing });
const outbox = new Outbox(self.id, storage);
const commands = new Commands(send);
const sender = new Sender({
  outbox,
  send,
  address: (entry) => app.address(entry),
  lock: new Lock(`parley:outbox:${self.id}`, navigator.locks),
});
const reactions = new Reactions(self.id, (command) => commands.run(command));
const emojiNames = new EmojiNames();
const router = new Router((target, view, number) => app.show(target, view, number));
const drafts = new Drafts(self.id, storage);
const app = new App({ replica, outbox, sender, drafts, router, quotes, people, reactions, emojiNames });
const connection = new Connection(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`, {
  hello: () => replica.hello(),
  onMessage: receive,
  onUp,
  onDown,
  onDrain: () => sender.stop(),
  onRefused: (code) => (code === Close.SIGNED_OUT ? toSignIn() : status.outdated()),
  onTooBig: () => sender.unanswerable(commandFault({ code: "too_long" }, boot.limits)),
});

/** @param {any} message  of the daemon */
function receive(message) {
  if (message.type === "ack") {
    sender.acked(message);
    commands.acked(message);
  } else if (message.type === "error") {
    refused(message);
  } else replica.receive(message);
}

function refused(error) {
  if (error.id) {
    const explained = { ...error, message: commandFault(error, boot.limits) };
    sender.refused(explained);
    commands.refused(explained);
  } else replica.refused(error);
}

function onUp() {
  status.connected();
  sender.start();
  commands.resend();
  app.markRead();
}

function onDown() {
  sender.stop();
  replica.disconnected();
  status.disconnected();
}

function toSignIn() {
  connection.end();
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
}

const notice = new NoticeView();
const notifier = new Notifier(self, storage, (path) => router.go(path));
const actions = new Actions({ app, replica, commands, api, router, confirm: new ConfirmDialog(), notice });

const help = new Dialog("help-dialog");
const panels = new Panels(
  { self, storage, app, actions, api, presence, notifier, help, people, emojiNames },
  notice,
  leadsToComposer,
);

function startViews() {
  const parts = { app, replica, outbox, drafts, actions, reactions, quotes, people, emojiNames, api, notice, panels };
  app.begin({
    ...messageViews(boot, parts),
    notice,
    notifier,
    sidebar: new SidebarView(presence),
    header: new HeaderView(presence),
    typingLine: new TypingView(typing),
    badge: new BadgeView(),
    announcer: new Announcer(),
  });
}

function startControls() {
  const switcher = new SwitcherView({
    open: () => openChoices(replica.rooms, app.recent, (conversation) => app.visit(conversation)),
    others: otherRooms,
    write: (name) => actions.openDirect(name),
  });
  const dialogs = {
    "create-room": new NameDialog("create-dialog", (name) => actions.createRoom(name)),
    "new-direct": new NameDialog("direct-dialog", (name) => actions.openDirect(name)),
    "open-switcher": switcher,
  };
  for (const [id, dialog] of Object.entries(dialogs)) {
    byId(id).addEventListener("click", () => dialog.open());
    leadsToComposer(dialog);
  }
  const openers = {
    "browse-rooms": "browse",
    "open-members": "members",
    "open-details": "details",
    "open-settings": "settings",
  };
  for (const [id, name] of Object.entries(openers)) {
    const opener = byId(id);
    for (const sign of ["pointerenter", "focus"]) opener.addEventListener(sign, () => panels.expect());
    opener.addEventListener("click", () => panels.ask(name, (panel) => panel.open()));
  }
  byId("back").addEventListener("click", () => router.toList());
  // Else the end of the session, which the daemon tells at once, would lead back here after sign-in.
  byId("sign-out").addEventListener("submit", () => connection.end());
  startKeys(switcher);
}

/** A dialog that led to another conversation gives the focus to where one writes. */
function leadsToComposer(dialog) {
  dialog.element.addEventListener("done", () => app.toComposer());
}

function startKeys(switcher) {
  const go = (step, unread) => () => {
    const next = neighbour(replica.rooms, app.current?.key ?? "", step, unread);
    if (next) app.visit(next);
  };
  listenToKeys(
    {
      "Mod+k": () => switcher.open(),
      "Mod+/": () => help.open(),
      "Alt+ArrowUp": go(-1, false),
      "Alt+ArrowDown": go(1, false),
      "Alt+Shift+ArrowUp": go(-1, true),
      "Alt+Shift+ArrowDown": go(1, true),
      Escape: () => app.toNewest(),
    },
    { "?": () => help.open() },
  );
}

/** Rooms that the user is not in. */
async function otherRooms() {
  const rooms = await api.publicRooms();
  return rooms
    .filter(({ member }) => !member)
    .map(({ id, name }) => ({
      key: `join:${id}`,
      name,
      kind: "room",
      unread: 0,
      note: t("Join"),
      run: () => actions.join(id),
    }));
}

function listenToBrowser() {
  watchActivity((state) => presence.is(state));
  addEventListener("online", () => connection.wake());
  addEventListener("offline", () => connection.wake());
  document.addEventListener(
    "visibilitychange",
    () => document.visibilityState === "visible" && connection.wake(),
  );
  addEventListener("pageshow", (event) => event.persisted && connection.wake());
  addEventListener("storage", (event) => outbox.storageChanged(event));
  // Another user signed in, in another tab: this page is theirs now.
  replica.addEventListener("other-user", () => {
    connection.end();
    location.reload();
  });
}

startViews();
startControls();
listenToBrowser();
router.begin();
app.start(boot);
connection.open();
