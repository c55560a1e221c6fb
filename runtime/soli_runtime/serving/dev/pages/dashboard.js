// The dashboard at /_soli. All text of apps and clients is put in as text, never as HTML.
"use strict";
(() => {
  const MOST_EVENTS = 200;
  const MOST_LINES = 200;
  const SAMPLES = 60;
  const RETRY_MS = 1000;
  const by = (id) => document.getElementById(id);
  const socketUrl = (path) => location.origin.replace(/^http/, "ws") + path;

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined && text !== null) made.textContent = String(text);
    if (className) made.className = className;
    return made;
  }
  const short = (id) => id.slice(0, 8);
  const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB");

  // --- tables ----------------------------------------------------------------------------------

  const drawn = new Map();
  function table(id, heads, rows, none, more) {
    const text = JSON.stringify([rows, more]);
    if (drawn.get(id) === text) return; // do not take away what somebody marks
    drawn.set(id, text);
    if (rows.length === 0) {
      by(id).replaceChildren(element("p", none, "none"));
      return;
    }
    const made = element("table");
    const head = made.createTHead().insertRow();
    for (const one of heads) {
      const cell = element("th", one);
      cell.scope = "col";
      head.append(cell);
    }
    const body = made.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      for (const cell of row) line.append(element("td", cell, typeof cell === "number" ? "number" : ""));
    }
    const wide = element("div", null, "wide");
    wide.tabIndex = 0;
    wide.setAttribute("role", "group");
    wide.setAttribute("aria-labelledby", `${id}-title`);
    wide.append(made);
    const parts = [wide];
    if (more > 0) parts.push(element("p", `and ${more.toLocaleString("en")} more`, "none"));
    by(id).replaceChildren(...parts);
  }

  // --- counters --------------------------------------------------------------------------------

  const SHOWN = [
    ["connections", "connections", false],
    ["present", "users present", false],
    ["received", "messages in / s", true],
    ["sent", "messages out / s", true],
    ["requests", "requests / s", true],
    ["held", "held back", false],
    ["errors", "errors", false],
  ];
  const series = new Map(SHOWN.map(([name]) => [name, []]));
  const cards = new Map();
  let before = null;

  function plot(values) {
    const most = Math.max(1, ...values);
    const step = 100 / (SAMPLES - 1);
    const from = SAMPLES - values.length;
    return values.map((value, index) => `${((from + index) * step).toFixed(1)},${(27 - (25 * value) / most).toFixed(1)}`).join(" ");
  }

  function card(name, label) {
    const box = element("div", null, "counter");
    const number = element("b", "0");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 100 28");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    svg.append(line);
    box.append(number, element("span", label), svg);
    by("counters").append(box);
    cards.set(name, { box, number, line });
  }
  for (const [name, label] of SHOWN) card(name, label);

  function count(counters) {
    const now = performance.now();
    const seconds = before === null ? 0 : (now - before.now) / 1000;
    for (const [name, , isRate] of SHOWN) {
      let value = counters[name];
      if (isRate) value = seconds > 0 ? Math.max(0, Math.round((value - before.counters[name]) / seconds)) : 0;
      const values = series.get(name);
      values.push(value);
      if (values.length > SAMPLES) values.shift();
      const { box, number, line } = cards.get(name);
      number.textContent = value.toLocaleString("en");
      line.setAttribute("points", plot(values));
      box.classList.toggle("bad", name === "errors" && value > 0);
    }
    before = { now, counters };
  }

  // --- events ----------------------------------------------------------------------------------

  const held = [];
  const kept = new Map();

  function whatOf(event) {
    const words = [event.path, event.handler];
    if (event.status) words.push(event.status);
    if (event.code) words.push(event.code);
    if (event.reason) words.push(event.reason);
    const actions = event.parts.filter(([kind]) => kind === "action" || kind === "helper").map(([, name]) => name);
    if (actions.length > 0) words.push(actions.join(", "));
    if (event.sent) words.push(`${event.sent} sent`);
    if (event.failed) words.push(event.failed);
    return words.filter((word) => word !== "").join("  ");
  }

  function describe(event) {
    const box = element("div");
    if (event.message !== undefined) box.append(element("pre", event.message));
    if (event.error) {
      const text = element("pre", event.error, "error");
      text.tabIndex = 0;
      box.append(text);
    }
    const list = element("dl");
    if (event.connection) list.append(element("dt", "connection"), element("dd", event.connection));
    for (const [kind, name, text, names] of event.parts) {
      const more = kind === "sent" && name > names.length ? ` and ${name - names.length} more` : "";
      const label = kind === "sent" || kind === "closing" ? `${kind} to ${names.map(short).join(", ")}${more}` : name || kind;
      list.append(element("dt", label), element("dd", kind === "closing" ? `${name} ${text}` : text));
    }
    if (event.more > 0) list.append(element("dt", "and"), element("dd", `${event.more} more`));
    if (event.steps !== null) list.append(element("dt", "steps"), element("dd", event.steps));
    box.append(list);
    return box;
  }

  function matches(event) {
    const wanted = by("filter").value.toLowerCase();
    if (by("failed-only").checked && !event.failed) return false;
    return wanted === "" || JSON.stringify(event).toLowerCase().includes(wanted);
  }

  function shown(event) {
    const details = element("details");
    details.classList.toggle("failed", event.failed !== undefined);
    details.classList.toggle("warned", event.parts.some(([kind]) => kind === "warning"));
    const summary = element("summary");
    const kind = event.event === "request" ? event.method : event.event;
    summary.append(element("time", clock(event.at)), element("span", kind), element("span", whatOf(event), "what"));
    summary.append(element("span", event.handler ? `${event.ms} ms` : "", "cost"));
    details.append(summary);
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) details.append(describe(event));
    });
    details.hidden = !matches(event);
    return details;
  }

  function add(event) {
    if (kept.has(event.number)) return;
    const details = shown(event);
    kept.set(event.number, { event, details });
    by("events").prepend(details);
    by("events-none").hidden = true;
    while (kept.size > MOST_EVENTS) {
      const [number, oldest] = kept.entries().next().value;
      oldest.details.remove();
      kept.delete(number);
    }
  }

  function refilter() {
    for (const { event, details } of kept.values()) details.hidden = !matches(event);
  }
  by("filter").addEventListener("input", refilter);
  by("failed-only").addEventListener("change", refilter);
  by("paused").addEventListener("change", () => {
    if (!by("paused").checked) for (const event of held.splice(0)) add(event);
  });

  // --- what a save changes ---------------------------------------------------------------------

  function changeOf(change) {
    const details = element("details");
    const more = change.alike > 0 ? ` (and ${change.alike} alike)` : "";
    details.append(element("summary", `${change.masked ? "masked: " : ""}${change.head}${more}`));
    const text = element("pre", change.lines.join("\n"));
    text.tabIndex = 0;
    const keep = element("button", "keep as spec");
    keep.type = "button";
    keep.addEventListener("click", () => {
      navigator.clipboard?.writeText(change.keep);
      keep.textContent = `copied: ${change.keep}`;
    });
    details.append(text, keep);
    return details;
  }

  // --- what the server tells -------------------------------------------------------------------

  const on = {
    hello(message) {
      by("app").textContent = message.app;
      document.title = `${message.app} · Soli dashboard`;
      kept.clear();
      before = null; // the server may be another one, which counts from 0
      by("events").replaceChildren();
      by("live").textContent = message.redacted ? "live; secrets are redacted by name" : "live";
      table("routes", ["Method", "Path", "Handler"], message.routes, "The app has no routes.", 0);
      const paths = message.routes.filter(([method]) => method === "WEBSOCKET").map(([, path]) => path);
      by("paths").replaceChildren(...paths.map((path) => Object.assign(element("option"), { value: path })));
      if (by("path").value === "" && paths.length > 0) by("path").value = paths[0];
    },
    event(message) {
      if (!by("paused").checked) add(message);
      else if (held.push(message) > MOST_EVENTS) held.shift();
    },
    saved(message) {
      by("saved-box").hidden = false;
      by("saved").replaceChildren(element("p", message.headline), ...message.changes.map(changeOf));
    },
    missed: (message) => { by("live").textContent = `live; ${message.count} events were too fast to show`; },
    state(message) {
      const { counters } = message;
      count(counters);
      const connections = message.connections.map((one) => [short(one.id), one.user, one.path, one.rooms.join(", "), one.held ? `held back: ${one.held}` : one.waits ? "waits" : "idle"]);
      table("connections", ["Id", "User", "Path", "Rooms", "State"], connections, "Nobody is connected.", counters.connections - connections.length);
      table("rooms", ["Room", "Members", "State"], message.rooms, "Nobody has joined a room.", counters.rooms - message.rooms.length);
      const users = message.presence.flatMap(([room, , list]) => list.map(([user, metas, meta]) => [room, user, metas, meta]));
      table("presence", ["Channel", "User", "Tabs", "Metadata"], users, "Nobody is tracked.", 0);
      const jobs = message.jobs.map(([status, name, args, at, error]) => [status, name, args, clock(at), error]);
      const schedules = message.schedules.map(([name, line, job, at]) => ["cron", `${name}: ${job}`, line, clock(at), ""]);
      table("jobs", ["Status", "Job", "Arguments", "At", "Error"], [...schedules, ...jobs], "There are no jobs.", 0);
    },
  };

  function watch() {
    const socket = new WebSocket(socketUrl("/_soli/watch"));
    socket.addEventListener("open", () => by("live").classList.remove("off"));
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data);
      on[message.kind]?.(message);
    });
    socket.addEventListener("close", () => {
      by("live").textContent = "disconnected; reconnecting";
      by("live").classList.add("off");
      setTimeout(watch, RETRY_MS);
    });
  }

  // --- clients ---------------------------------------------------------------------------------

  let number = 0;
  const steps = [];

  function step(line) {
    if (steps.push(line) > MOST_LINES) steps.shift();
    by("steps").textContent = steps.join("\n");
    by("steps-box").hidden = false;
  }
  const quoted = (text) => `"${text.replace(/[\\"#]/g, "\\$&").replace(/\n/g, "\\n").replace(/\r/g, "\\r").replace(/\t/g, "\\t")}"`;

  function client(path) {
    const name = `client${(number += 1)}`;
    let socket;
    try {
      socket = new WebSocket(socketUrl(path));
    } catch (error) {
      by("clients").prepend(element("p", `${path}: ${error.message}`, "none"));
      return;
    }
    step(`${name} = ws_connect(${quoted(path)})`);
    const box = element("div", null, "client");
    const bar = element("div", null, "bar");
    const state = element("span", "connecting");
    const close = element("button", "Close");
    bar.append(element("b", `${name} ${path}`), state, close);
    const form = element("form");
    const input = element("input");
    input.setAttribute("aria-label", `Message of ${name}`);
    input.placeholder = '{"event": "…"}';
    const send = element("button", "Send");
    form.append(input, send);
    const log = element("ol");
    log.tabIndex = 0;
    log.setAttribute("aria-label", `What ${name} sent and received`);
    box.append(bar, form, log);
    by("clients").prepend(box);

    function line(text) {
      log.append(element("li", text));
      while (log.childElementCount > MOST_LINES) log.firstElementChild.remove();
      log.scrollTop = log.scrollHeight;
    }
    socket.addEventListener("open", () => { state.textContent = "open"; });
    socket.addEventListener("message", ({ data }) => line(`← ${typeof data === "string" ? data : `(${data.size} bytes)`}`));
    socket.addEventListener("close", ({ code, reason }) => {
      state.textContent = `closed ${code} ${reason}`.trim();
      input.disabled = send.disabled = true;
      close.textContent = "Remove";
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (socket.readyState !== WebSocket.OPEN) return;
      socket.send(input.value);
      step(`${name}.send(${quoted(input.value)})`);
      line(`→ ${input.value}`);
      input.select();
    });
    close.addEventListener("click", () => {
      if (socket.readyState >= WebSocket.CLOSING) {
        box.remove();
        return;
      }
      socket.close();
      step(`${name}.close`);
    });
  }

  by("connect").addEventListener("submit", (event) => {
    event.preventDefault();
    const path = by("path").value.trim();
    client(path.startsWith("/") ? path : `/${path}`);
  });
  by("copy").addEventListener("click", async () => {
    await navigator.clipboard?.writeText(steps.join("\n"));
  });

  watch();
})();
