"use strict";
// The table of trials: sorted, filtered, a page at a time; a row opens its learning curve.
const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 50;
const SVG = "http://www.w3.org/2000/svg";
const byNumber = new Map();
for (const row of data.rows) {
  row.text = row[row.length - 1].map((word) => data.words[word]).join("");
  row[row.length - 1] = row.text;
  row.key = (row.text + " " + row[1] + " " + (data.details[row[0]].error || "")).toLowerCase();
  byNumber.set(row[0], row);
}
const columnOf = new Map(data.columns.map((column, place) => [column.key.toLowerCase(), place]));
const state = { column: columnOf.get(data.metric) ?? 0, down: data.larger, page: 0, open: null };
const front = new Set(data.front);

function make(tag, text, attributes) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  return element;
}

function shown(value, key) {
  if (value === null) return "";
  if (typeof value === "number" && /^(val|test|train|supernet_val|supernet_train)_/.test(key || "")) return value.toFixed(4);
  if (typeof value !== "number") return value;
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : String(+value.toPrecision(4));
}

// "relu params<5000 status=failed" -> what a row must satisfy, all of it.
function conditions(text) {
  return text.trim().split(/\s+/).filter(Boolean).map((word) => {
    const parts = /^([a-z_0-9]+)(<=|>=|<|>|=)(.+)$/i.exec(word);
    const place = parts && columnOf.get(parts[1].toLowerCase());
    if (!parts || place === undefined) {
      const wanted = word.toLowerCase();
      return (row) => row.key.includes(wanted);
    }
    const [, , sign, wanted] = parts;
    const number = Number(wanted.replaceAll(",", ""));
    return (row) => {
      const value = row[place];
      if (value === null) return false;
      if (typeof value !== "number") return sign === "=" && value.includes(wanted);
      if (sign === "=") return value === number;
      return sign[0] === "<" ? value < number || (sign === "<=" && value === number)
                             : value > number || (sign === ">=" && value === number);
    };
  });
}

function selected() {
  const all = conditions(document.getElementById("filter").value);
  const status = document.getElementById("status").value;
  const rows = data.rows.filter((row) =>
    (status === "" || row[1] === status || (status === "front" && front.has(row[0]))) &&
    all.every((holds) => holds(row)));
  const { column, down } = state;
  const sign = down ? -1 : 1;
  return rows.sort((a, b) => {
    const x = a[column], y = b[column];
    if (x === null || y === null) return (x === null) - (y === null) || a[0] - b[0];
    return (x < y ? -sign : x > y ? sign : 0) || a[0] - b[0];
  });
}

function draw() {
  const rows = selected();
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  if (state.open !== null) {
    const place = rows.findIndex((row) => row[0] === state.open);
    if (state.jump && place >= 0) state.page = Math.floor(place / PAGE);
    state.jump = false;
  }
  state.page = Math.min(state.page, pages - 1);
  const body = document.createDocumentFragment();
  for (const row of rows.slice(state.page * PAGE, (state.page + 1) * PAGE)) {
    const line = make("tr", undefined, { "data-number": row[0], tabindex: 0, class: row[1] });
    if (row[0] === data.best) line.classList.add("best");
    data.columns.forEach((column, place) => {
      const cell = make("td", column.key === "architecture" ? undefined : shown(row[place], column.key));
      if (typeof row[place] === "number") cell.className = "number";
      if (column.key === "architecture") {
        cell.className = "words";
        cell.append(make("div", row[place]));
      }
      if (column.key === "trial" && front.has(row[0])) cell.prepend(make("b", "◆\u00a0", { title: "on a front" }));
      line.append(cell);
    });
    body.append(line);
    if (row[0] === state.open) body.append(opened(row));
  }
  document.querySelector("#table tbody").replaceChildren(body);
  document.getElementById("count").textContent =
    (rows.length === data.rows.length ? "" : `${rows.length.toLocaleString("en")} of `) +
    `${data.rows.length.toLocaleString("en")} ${data.unit}${data.rows.length === 1 ? "" : "s"}`;
  document.getElementById("page").textContent = `page ${state.page + 1} of ${pages}`;
  document.getElementById("back").disabled = state.page === 0;
  document.getElementById("next").disabled = state.page >= pages - 1;
  document.querySelectorAll("#table th button").forEach((button, place) => {
    const how = place === state.column ? (state.down ? "descending" : "ascending") : "none";
    button.parentElement.setAttribute("aria-sort", how);
  });
}

// What a row says when it is opened: all there is, and its learning curve.
function opened(row) {
  const number = row[0], details = data.details[number], line = make("tr", undefined, { class: "details" });
  const cell = make("td", undefined, { colspan: data.columns.length });
  const inside = make("div", undefined, { class: "inside" });
  const words = make("div");
  words.append(make("p", row.text));
  if (details.error) words.append(make("p", details.error, { class: "error" }));
  const list = make("dl");
  const say = (name, value) => list.append(make("dt", name), make("dd", value));
  say("architecture", details.id);
  say("started", `${shown(details.at)} s after the first ${data.unit}${details.node ? ", on " + details.node : ""}`);
  for (const [name, value] of Object.entries(details.metrics || {})) say(name.replaceAll("_", " "), value);
  if (details.parents) {
    const parents = make("dd");
    details.parents.forEach((parent) => parents.append(make("a", parent, { href: "#trials", "data-trial": parent }), " "));
    list.append(make("dt", "parents"), parents);
  }
  words.append(list);
  inside.append(words);
  const curves = data.curves[number];
  if (curves) inside.append(...curvesOf(curves));
  cell.append(inside);
  line.append(cell);
  return line;
}

function curvesOf(curves) {
  const epochs = curves.epoch, groups = new Map();
  for (const name of Object.keys(curves)) {
    if (name === "epoch" || curves[name].every((value) => value === null)) continue;
    const kind = name.replace(/^(train|val)_/, "");
    groups.set(kind, [...(groups.get(kind) || []), name]);
  }
  return [...groups].slice(0, 6).map(([kind, names]) => curve(kind, names, epochs, curves));
}

function curve(kind, names, epochs, curves) {
  const [width, height, left, bottom] = [250, 150, 46, 22];
  const values = names.flatMap((name) => curves[name]).filter((value) => value !== null);
  let low = Math.min(...values), high = Math.max(...values);
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const first = epochs[0], last = epochs[epochs.length - 1];
  const x = (epoch) => left + 6 + (last > first ? (epoch - first) / (last - first) : 0.5) * (width - left - 14);
  const y = (value) => 8 + (high - value) / (high - low) * (height - bottom - 16);
  const svg = document.createElementNS(SVG, "svg");
  const put = (tag, attributes, text) => {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    svg.append(element);
  };
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("class", "curve");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${names.join(" and ")} by epoch`);
  put("path", { class: "axis", d: `M${left} 4V${height - bottom}H${width}` });
  for (const value of [low, high]) put("text", { class: "tick end", x: left - 4, y: y(value) + 4 }, shown(value));
  put("text", { class: "tick", x: left + 4, y: height - 6 }, first);
  put("text", { class: "tick end", x: width - 4, y: height - 6 }, `epoch ${last}`);
  names.forEach((name, place) => {
    const points = epochs.map((epoch, i) => [x(epoch), curves[name][i]]).filter(([, value]) => value !== null);
    const kindOf = name.startsWith("train_") ? "other" : place > 0 && names.length > 2 ? "plain" : "main";
    const d = points.map(([at, value], i) => `${i ? "L" : "M"}${at.toFixed(1)} ${y(value).toFixed(1)}`).join("");
    put("path", points.length > 1 ? { class: `line ${kindOf}`, d } : { class: `dots ${kindOf}`, d: d + "h0" });
  });
  const figure = make("figure", undefined, { class: "small" });
  figure.append(svg, make("figcaption", names.map((name) =>
    name.replaceAll("_", " ") + (names.length > 1 && name.startsWith("train_") ? " (dashed)" : "")).join(", ")));
  return figure;
}

function show(number) {
  if (!byNumber.has(number)) return;
  document.getElementById("filter").value = "";
  document.getElementById("status").value = "";
  Object.assign(state, { open: number, jump: true });
  draw();
  document.querySelector(`tr[data-number="${number}"]`).scrollIntoView({ block: "center" });
}
