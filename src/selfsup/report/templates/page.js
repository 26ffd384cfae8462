"use strict";
// The page's state is in its address: a filter and a sort for each table, the search over everything, and the last section.
const records = JSON.parse(document.getElementById("records").textContent);
const tables = [...document.querySelectorAll("table.data")].map((element) => ({
  element,
  name: element.dataset.name,
  block: element.closest(".block"),
  title: element.closest(".block").querySelector("h2, h3").textContent,
  headers: [...element.tHead.rows[0].cells],
  rows: [...element.tBodies[0].rows],
  sort: "",
  direction: 0,
  query: "",
}));

// What the search over everything finds besides the rows of tables.
const everywhere = document.querySelector("nav input");
const others = [...document.querySelectorAll("main figure, main details, main li, main dt, .examples > p")];

function plain(cell) {
  return cell.querySelector(".text").textContent;
}

function text(cell) {
  const note = cell.querySelector("small")?.textContent ?? "";
  const main = plain(cell);
  return note ? `${main} (${note})` : main;
}

// Missing cells are last in both directions.
function compare(a, b, direction) {
  if (a === null || b === null) return (a === null) - (b === null);
  return (typeof a === "number" ? a - b : a.localeCompare(b)) * direction;
}

function key(row, index, numeric) {
  const cell = row.cells[index];
  if (numeric) return cell.dataset.value === undefined ? null : Number(cell.dataset.value);
  return cell.classList.contains("absent") ? null : text(cell);
}

// The rank is by the sorted column, by default the first number, among all rows, including filtered ones: the range that the
// cell has, if its seeds leave one, else the position.
function rank(table) {
  const header = table.headers[0];
  if (!header.classList.contains("rank")) return;
  const sorted = table.headers.findIndex((h) => h.dataset.key === table.sort && h.classList.contains("number"));
  const index = sorted < 0 ? 2 : sorted;
  const values = table.rows.map((row) => key(row, index, true));
  header.querySelector("small").textContent = `by ${table.headers[index].querySelector(".text").textContent}`;
  table.rows.forEach((row, n) => {
    const better = (value) => (table.headers[index].classList.contains("lower") ? value < values[n] : value > values[n]);
    const position = 1 + values.filter((value) => value !== null && better(value)).length;
    row.cells[0].querySelector(".text").textContent = values[n] === null ? "" : (row.cells[index].dataset.rank ?? position);
  });
}

function render(table) {
  const index = table.headers.findIndex((header) => header.dataset.key === table.sort);
  const numeric = index >= 0 && table.headers[index].classList.contains("number");
  const order = [...table.rows];
  if (index >= 0) order.sort((a, b) => compare(key(a, index, numeric), key(b, index, numeric), table.direction));
  table.element.tBodies[0].append(...order);
  for (const row of table.rows) {
    row.hidden = !has([...row.cells].map(plain).join(" "), table.query) || !has(`${table.title} ${row.textContent}`, everywhere?.value);
  }
  table.headers.forEach((header, n) => {
    if (!header.dataset.key) return;
    header.setAttribute("aria-sort", n !== index ? "none" : table.direction > 0 ? "ascending" : "descending");
  });
  const visible = table.rows.filter((row) => !row.hidden).length;
  table.block.querySelector("output").textContent = table.query ? `${visible} of ${table.rows.length} rows` : "";
  rank(table);
}

function has(content, query) {
  const found = content.toLowerCase();
  return (query ?? "").toLowerCase().split(/\s+/).every((word) => found.includes(word));
}

// Shows the rows, figures, recipes and references with all of the words, and only sections that have one.
function search() {
  const query = everywhere?.value;
  tables.forEach(render);
  for (const item of others) {
    const value = item.matches("dt") ? item.nextElementSibling : null;
    item.hidden = !has(`${item.textContent} ${value?.textContent ?? ""} ${item.querySelector("img")?.alt ?? ""}`, query);
    if (value) value.hidden = item.hidden;
  }
  for (const table of tables) table.block.hidden = query !== undefined && query.trim() !== "" && table.rows.every((row) => row.hidden);
  const found = (section) => section.querySelector("tbody tr:not([hidden]), figure:not([hidden]), details:not([hidden]), li:not([hidden]), dt:not([hidden])");
  for (const section of document.querySelectorAll("main > section")) section.hidden = query?.trim() ? !found(section) : false;
}

function saveState(at) {
  const state = new URLSearchParams();
  for (const table of tables) {
    if (table.sort) state.set(`${table.name}.sort`, `${table.sort}.${table.direction > 0 ? "up" : "down"}`);
    if (table.query) state.set(`${table.name}.q`, table.query);
  }
  if (everywhere?.value) state.set("q", everywhere.value);
  const section = at ?? new URLSearchParams(location.hash.slice(1)).get("at");
  if (section) state.set("at", section);
  history.replaceState(null, "", `#${state}`);
}

function restoreState() {
  const hash = location.hash.slice(1);
  const state = new URLSearchParams(hash.includes("=") ? hash : { at: hash });
  for (const table of tables) {
    const [, sort, direction] = (state.get(`${table.name}.sort`) ?? "").match(/^(.*)\.(up|down)$/) ?? [];
    table.sort = table.headers.some((header) => header.dataset.key === sort) ? sort : "";
    table.direction = direction === "up" ? 1 : -1;
    table.query = state.get(`${table.name}.q`) ?? "";
    table.block.querySelector("input").value = table.query;
    render(table);
  }
  if (everywhere) everywhere.value = state.get("q") ?? "";
  if (everywhere) search();
  document.getElementById(state.get("at"))?.scrollIntoView({ behavior: "instant" });
}

// First click: the best number or A first; second: the reverse; third: the order of the report.
function toggleSort(table, header) {
  const first = header.classList.contains("number") && !header.classList.contains("lower") ? -1 : 1;
  if (table.sort !== header.dataset.key) [table.sort, table.direction] = [header.dataset.key, first];
  else if (table.direction === first) table.direction = -first;
  else table.sort = "";
  render(table);
  saveState();
}

function visibleCells(table) {
  const rows = [table.element.tHead.rows[0], ...table.element.tBodies[0].rows].filter((row) => !row.hidden);
  return rows.map((row) => [...row.cells]);
}

function csv(table) {
  const formula = /^([=@\t\r]|[+-](?![\d.])|[+-][\d.]+[^\d.,e% (±])/;
  const plainCell = (value) => (formula.test(value) ? `'${value}` : value);
  const quote = (value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return visibleCells(table).map((cells) => cells.map((cell) => quote(plainCell(text(cell)))).join(",")).join("\n") + "\n";
}

function latex(table) {
  const special = { "\\": "\\textbackslash{}", "±": "$\\pm$", "−": "$-$", "↑": "$\\uparrow$", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}" };
  const escape = (value) => value.replace(/[\\±−↑~^]/g, (c) => special[c]);
  const safe = (value) => value.split(/([&%$#_{}])/).map((part, n) => (n % 2 ? `\\${part}` : escape(part))).join("");
  const set = (cell) => (cell.classList.contains("strong") ? `\\textbf{${safe(text(cell))}}` : safe(text(cell)));
  const [head, ...body] = visibleCells(table).map((cells) => `${cells.map(set).join(" & ")} \\\\`);
  const alignment = table.headers.map((cell) => (cell.matches(".number, .rank") ? "r" : "l")).join("");
  return [`\\begin{tabular}{${alignment}}`, "\\toprule", head, "\\midrule", ...body, "\\bottomrule", "\\end{tabular}", ""].join("\n");
}

function save(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "text/plain;charset=utf-8" }));
  link.download = name;
  link.click();
}

function element(tag, content, children = []) {
  const node = document.createElement(tag);
  if (content !== null) node.textContent = content;
  node.append(...children);
  return node;
}

function show(button) {
  const record = records[button.dataset.record];
  const panel = document.getElementById("record");
  const title = element("h3", record.title);
  title.id = "record-title";
  const lines = element("dl", null, record.lines.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
  const used = record.head.map((_, n) => n).filter((n) => record.seeds.some((seed) => seed[n]));
  const row = (cells, tag) => element("tr", null, used.map((n) => element(tag, cells[n])));
  const seeds = element("table", null, [row(record.head, "th"), ...record.seeds.map((seed) => row(seed, "td"))]);
  panel.replaceChildren(title, ...(record.seeds.length ? [seeds] : []), lines);
  panel.showPopover({ source: button });
  const [at, size] = [button.getBoundingClientRect(), panel.getBoundingClientRect()];
  const below = at.bottom + 8 + size.height < innerHeight ? at.bottom + 8 : Math.max(8, at.top - size.height - 8);
  panel.style.top = `${below}px`;
  panel.style.left = `${Math.max(16, Math.min(at.left, innerWidth - size.width - 16))}px`;
}

for (const table of tables) {
  for (const header of table.headers) header.querySelector("button")?.addEventListener("click", () => toggleSort(table, header));
  table.block.querySelector("input").addEventListener("input", (event) => {
    table.query = event.target.value;
    render(table);
    saveState();
  });
  table.block.querySelector("[data-save=csv]").addEventListener("click", () => save(`${table.name}.csv`, csv(table)));
  table.block.querySelector("[data-save=tex]").addEventListener("click", () => save(`${table.name}.tex`, latex(table)));
}
everywhere?.addEventListener("input", () => {
  search();
  saveState();
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-record]");
  if (button) show(button);
  const link = event.target.closest("nav a");
  if (!link) return;
  event.preventDefault();
  saveState(link.hash.slice(1));
  document.querySelector(link.hash).scrollIntoView();
});
// Only what is too wide scrolls: the headings of all other tables stay in sight.
function fit() {
  for (const box of document.querySelectorAll(".scroll")) box.classList.toggle("wide", box.scrollWidth > box.clientWidth);
}

// Behind the points of a map are their images, all in one sheet.
function peek(figure) {
  const behind = JSON.parse(figure.querySelector("script.behind").textContent);
  const [image, name] = [element("span", null), element("span", "")];
  const label = element("div", null, [image, name]);
  label.className = "peek";
  label.hidden = true;
  figure.append(label);
  Object.assign(image.style, { width: `${behind.width}px`, height: `${behind.height}px`, backgroundImage: `url(${behind.sheet})` });
  figure.addEventListener("pointerover", (event) => {
    const points = event.target.closest("use")?.closest("g[id*=points-]");
    label.hidden = !points;
    if (!points) return;
    const n = [...points.querySelectorAll("use")].indexOf(event.target);
    const [x, y] = [(n % behind.columns) * behind.width, Math.floor(n / behind.columns) * behind.height];
    image.style.backgroundPosition = `-${x}px -${y}px`;
    name.textContent = behind.classes[n];
    const [box, at] = [figure.getBoundingClientRect(), event.target.getBoundingClientRect()];
    label.style.left = `${Math.min(at.right - box.left + 6, box.width - 110)}px`;
    label.style.top = `${at.top - box.top + 6}px`;
  });
}

document.querySelectorAll("figure:has(script.behind)").forEach(peek);
addEventListener("hashchange", restoreState);
addEventListener("resize", fit);
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((item) => (item.open = true)));
fit();
restoreState();
