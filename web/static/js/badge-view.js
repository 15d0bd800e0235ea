/** How much is unread, where it is seen while one looks elsewhere: the page's title, its icon, the installed app's icon. */

export class BadgeView {
  constructor() {
    this.icon = document.querySelector('link[rel="icon"]');
    this.plainIcon = this.icon?.href ?? "";
    this.count = -1;
  }

  /** @param {number} count @param {string} title  of the open conversation */
  show(count, title) {
    document.title = `${count ? `(${count}) ` : ""}${title ? `${title} · ` : ""}Parley`;
    if (count === this.count) return;
    this.count = count;
    if (this.icon) this.icon.href = count ? this.plainIcon.replace("favicon.svg", "favicon-unread.svg") : this.plainIcon;
    // Only an installed app has an icon that can carry a badge.
    Promise.resolve(count ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.()).catch(() => {});
  }
}
