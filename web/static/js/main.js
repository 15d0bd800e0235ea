/** The composition root of the chat page: makes the parts and connects them. */

import { Announcer } from "./announcer.js";
import { Api } from "./api.js";
import { App } from "./app.js";
import { readBoot } from "./boot.js";
import { Commands } from "./commands.js";
import { ComposerView } from "./composer-view.js";
import { Close, Connection } from "./connection.js";
import { BrowseDialog, ConfirmDialog, NameDialog } from "./dialogs.js";
import { byId } from "./dom.js";
import { Drafts } from "./drafts.js";
import { commandFault } from "./faults.js";
import { Times } from "./format.js";
import { HeaderView } from "./header-view.js";
import { Http } from "./http.js";
import { MessagesView } from "./messages-view.js";
import { NoticeView } from "./notice-view.js";
import { Outbox } from "./outbox.js";
import { Replica } from "./replica.js";
import { Router } from "./router.js";
import { Lock, Sender } from "./sender.js";
import { SidebarView } from "./sidebar-view.js";
import { StatusView } from "./status-view.js";
import { durableStorage } from "./storage.js";
import { setTexts } from "./texts.js";

const boot = readBoot();
setTexts(boot.texts);

const self = boot.user;
const storage = durableStorage();
const status = new StatusView();
const send = (message) => connection.send(message);
const api = new Api(new Http(boot.csrf, toSignIn));
const replica = new Replica(boot, api, send);
const outbox = new Outbox(self.id, storage);
const commands = new Commands(send);
const sender = new Sender({
  outbox,
  send,
  address: (entry) => app.address(entry),
  lock: new Lock(`parley:outbox:${self.id}`, navigator.locks),
});
const router = new Router((target, view) => app.show(target, view));
const drafts = new Drafts(self.id, storage);
const app = new App({ replica, outbox, sender, commands, api, drafts, router, limits: boot.limits });
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
  } else if (error.room) replica.refused(error.room, error.retry_after ?? 0);
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

function startViews() {
  const times = new Times(boot.locale);
  const messages = new MessagesView(self, {
    times,
    onOlder: () => app.loadOlder(),
    onSeen: () => app.markRead(),
    onRetryHistory: () => replica.history.retry(),
    onRetry: (id) => outbox.retry(id),
    onDiscard: (id) => outbox.remove(id),
    onDelete: (message) => app.askDelete(message),
    onSave: (message, text) => app.saveEdit(message, text),
  });
  const composer = new ComposerView(boot.limits.message, {
    onSend: (body) => app.write(body),
    onDraft: (text) => drafts.set(app.current.key, text),
    onEditLast: () => messages.editLast(),
  });
  app.begin({
    messages,
    composer,
    sidebar: new SidebarView(),
    header: new HeaderView(),
    notice: new NoticeView(),
    announcer: new Announcer(),
    confirm: new ConfirmDialog(),
  });
}

function startControls() {
  const create = new NameDialog("create-dialog", (name) => app.createRoom(name));
  const direct = new NameDialog("direct-dialog", (name) => app.openDirect(name));
  const browse = new BrowseDialog(
    () => api.publicRooms(),
    (room) => app.join(room),
  );
  byId("create-room").addEventListener("click", () => create.open());
  byId("new-direct").addEventListener("click", () => direct.open());
  byId("browse-rooms").addEventListener("click", () => browse.open());
  byId("leave").addEventListener("click", () => app.askLeave());
  byId("back").addEventListener("click", () => router.toList());
  // Else the end of the session, which the daemon tells at once, would lead back here after sign-in.
  byId("sign-out").addEventListener("submit", () => connection.end());
}

function listenToBrowser() {
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
