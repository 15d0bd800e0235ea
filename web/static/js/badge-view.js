/** What is unread, where it is seen while one looks elsewhere: the page's title, its icon, the installed app's icon. */

export class BadgeView {
  constructor() {
    this.icon = document.querySelector('link[rel="icon"]');
    this.plainIcon = this.icon?.href ?? "";
    this.shown = "";
  }

  /**
   * @param {{unread: number, calls: number}} news  `calls`: those of the unread that are for the user themselves
   * @param {string} title  of the open conversation
   */
  show({ unread, calls }, title) {
    document.title = `${unread ? `(${unread}) ` : ""}${title ? `${title} · ` : ""}Parley`;
    const look = calls ? "favicon-call.svg" : unread ? "favicon-unread.svg" : "favicon.svg";
    const shown = `${look} ${calls || unread}`;
    if (shown === this.shown) return;
    this.shown = shown;
    if (this.icon) this.icon.href = this.plainIcon.replace("favicon.svg", look);
    // Only an installed app has an icon that can carry a badge.
    const badge = unread ? navigator.setAppBadge?.(calls || unread) : navigator.clearAppBadge?.();
    Promise.resolve(badge).catch(() => {});
  }
}
