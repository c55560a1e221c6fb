// Present only with `soli run --dev`: reloads the page, and shows what went wrong over it.
"use strict";
(() => {
  const script = document.currentScript;
  const status = Number(script?.dataset.soliStatus ?? 200);
  const TAG = "soli-dev-overlay";
  const RETRY_MS = 500;
  const MOST_RETRY_MS = 5000;
  let boot = null;
  let retry = RETRY_MS;
  let host = null;

  const STYLE = `
    :host { position: fixed; inset: 0; z-index: 2147483647; width: auto; height: auto; margin: 0;
      padding: 0; border: 0; background: rgb(0 0 0 / 55%); color-scheme: light dark; display: block }
    section { position: absolute; inset: 4vh 4vw auto; max-height: 90vh; overflow: auto;
      box-sizing: border-box; padding: 1.2rem 1.4rem; border-radius: 8px; border-top: 5px solid #c62828;
      background: #fff; color: #18181b; font: 15px/1.5 system-ui, sans-serif; text-align: left }
    h2 { margin: 0 3rem .6rem 0; font-size: 1.1rem; color: #b71c1c; overflow-wrap: anywhere }
    pre { margin: 0; padding: .8rem; overflow-x: auto; border-radius: 6px; background: #f4f4f5;
      font: 13px/1.5 ui-monospace, monospace; white-space: pre; tab-size: 4 }
    p { margin: .7rem 0 0; overflow-wrap: anywhere }
    button { position: absolute; top: .9rem; right: 1rem; font: inherit; padding: .1rem .6rem }
    :focus-visible { outline: 3px solid #1d4ed8; outline-offset: 2px }
    div[role] { position: fixed; inset: auto 1rem 1rem auto; max-width: min(46rem, 90vw); max-height: 60vh;
      overflow: auto; padding: .6rem 2.6rem .6rem .9rem; border-radius: 8px; border-left: 5px solid #1d4ed8;
      background: #fff; color: #18181b; font: 14px/1.5 system-ui, sans-serif; box-shadow: 0 2px 12px rgb(0 0 0 / 35%) }
    div[role] > button { top: .5rem; right: .6rem } div[role] pre { margin: .3rem 0; padding: .5rem }
    details { margin-top: .4rem } summary { cursor: pointer; overflow-wrap: anywhere }
    details button { position: static }
    :host(.aside) { inset: auto; background: none; display: contents }
    @media (prefers-color-scheme: dark) {
      div[role] { background: #18181b; color: #e4e4e7 }
      section { background: #18181b; color: #e4e4e7 } pre { background: #27272a } h2 { color: #ff8a80 }
    }`;

  function element(name, text) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function hide() {
    host?.remove();
    host = null;
  }

  function show(problem) {
    hide();
    host = document.createElement(TAG);
    host.setAttribute("role", "alertdialog");
    host.setAttribute("aria-label", `Soli: ${problem.title}`);
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet(); // a policy of the page on styles does not concern it
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const box = element("section");
    const text = element("pre", problem.text);
    text.tabIndex = 0;
    const close = element("button", "Close");
    close.addEventListener("click", hide);
    box.append(element("h2", problem.title), text);
    if (problem.event) box.append(element("p", `${problem.handler}: ${problem.event}`));
    box.append(element("p", problem.stays ? "Fix the file and save it." : "Escape closes this."), close);
    root.append(box);
    document.documentElement.append(host);
    try {
      host.popover = "manual"; // above dialogs of the page
      host.showPopover();
    } catch {
      // a browser without popovers has the z-index
    }
  }

  // What a save changes, in a corner: nothing of the page is covered for long.
  const NOTE_TAG = "soli-dev-saved";
  const NOTE_MS = 4000;
  let note = null;
  let noteTimer = 0;

  function dismiss() {
    clearTimeout(noteTimer);
    note?.remove();
    note = null;
  }

  function changed(change) {
    const details = element("details");
    const more = change.alike > 0 ? ` (and ${change.alike} alike)` : "";
    details.append(element("summary", `${change.masked ? "masked: " : ""}${change.head}${more}`));
    const text = element("pre", change.lines.join("\n"));
    text.tabIndex = 0;
    const keep = element("button", "keep as spec");
    keep.addEventListener("click", () => {
      navigator.clipboard?.writeText(change.keep);
      keep.textContent = `copied: ${change.keep}`;
    });
    details.append(text, keep);
    return details;
  }

  function noteSaved(message) {
    dismiss();
    note = document.createElement(NOTE_TAG);
    note.className = "aside";
    const root = note.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const box = element("div");
    box.setAttribute("role", "status");
    const close = element("button", "Close");
    close.addEventListener("click", dismiss);
    box.append(element("div", message.headline), ...message.changes.map(changed), close);
    root.append(box);
    document.documentElement.append(note);
    if (message.changes.length === 0) noteTimer = setTimeout(dismiss, NOTE_MS);
  }

  function freshStyles() {
    for (const link of document.querySelectorAll('link[rel~="stylesheet"][href]')) {
      const url = new URL(link.href, location.href);
      if (url.origin !== location.origin) continue;
      url.searchParams.set("soli-dev", Date.now().toString(36));
      const next = link.cloneNode();
      next.href = url.href;
      next.addEventListener("load", () => link.remove(), { once: true });
      next.addEventListener("error", () => next.remove(), { once: true });
      link.after(next);
    }
  }

  function onReloaded(lost) {
    hide();
    if (lost.length > 0) console.info(`soli: reloaded; reset: ${lost.join(", ")}`);
    else console.info("soli: reloaded");
    if (status >= 400) location.reload(); // the new code may have an answer
  }

  const on = {
    hello(message) {
      if (boot !== null && boot !== message.boot) location.reload();
      boot = message.boot;
    },
    problem(message) {
      show(message);
      console.error(`soli: ${message.title}\n${message.text}${message.event ? `\nthe event was: ${message.event}` : ""}`);
    },
    reloaded: (message) => onReloaded(message.lost),
    reload: () => location.reload(),
    saved(message) {
      console.info(`soli: ${message.headline}`);
      noteSaved(message);
    },
    style: freshStyles,
    warning: (message) => console.warn(`soli: ${message.handler}: ${message.text}`),
  };

  function open() {
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/_soli/dev`);
    socket.addEventListener("message", (event) => {
      retry = RETRY_MS;
      const message = JSON.parse(event.data);
      on[message.kind]?.(message);
    });
    socket.addEventListener("close", () => {
      setTimeout(open, retry);
      retry = Math.min(2 * retry, MOST_RETRY_MS);
    });
    addEventListener("pagehide", () => socket.close(), { once: true });
  }

  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    hide();
    dismiss();
  });
  open();
})();
