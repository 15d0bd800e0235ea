/** What opens over the page and is not needed for reading and writing: loaded when one of them is first asked for. */

import { BrowseDialog } from "./browse-dialog.js";
import { DetailsDialog } from "./details-dialog.js";
import { EmojiPicker } from "./emoji-picker.js";
import { Favourites } from "./favourites.js";
import { MembersDialog } from "./members-dialog.js";
import { ReactorsDialog } from "./reactors-dialog.js";
import { SettingsDialog } from "./settings-dialog.js";

/**
 * @param {object} parts  of `main.js`
 * @returns {Record<string, import("./dialog.js").Dialog>}
 */
export function makePanels(parts) {
  const { self, storage, app, actions, api, presence, notifier, help, people, emojiNames } = parts;
  const reactors = new ReactorsDialog({
    emojiName: (emoji) => emojiNames.of(emoji),
    nameOf: (user) => people.name(user),
  });
  for (const source of [people, emojiNames]) source.addEventListener("change", () => reactors.draw());
  return {
    browse: new BrowseDialog(
      () => api.publicRooms(),
      (room) => actions.join(room),
    ),
    members: new MembersDialog({
      api,
      presence,
      room: () => app.current.room,
      write: (name) => actions.openDirect(name),
    }),
    details: new DetailsDialog({ app, actions }),
    settings: new SettingsDialog(notifier, () => help.open()),
    picker: new EmojiPicker(new Favourites(self.id, storage)),
    reactors,
  };
}
