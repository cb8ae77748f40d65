// The tables: some are made here, and all can be sorted.

function listTable(table, header, rows) {
  const head = element("tr");
  head.append(...header.map((text) => element("th", text, { scope: "col" })));
  const body = rows.map((cells) => {
    const row = element("tr");
    row.append(...cells.map((cell) => (cell instanceof Node ? cell : element("td", cell))));
    return row;
  });
  const parts = [element("thead"), element("tbody")];
  parts[0].append(head);
  parts[1].append(...body);
  table.replaceChildren(...parts);
  makeSortable(table);
}

function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = element("button", head.textContent, { type: "button" });
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      table.tBodies[0].append(...sorted([...table.tBodies[0].rows], column, down));
    });
  });
}

// Numbers by value, other text by letters; a dash is last either way.
function sorted(rows, column, down) {
  const text = (row) => row.cells[column].textContent.trim();
  const value = (row) => (text(row) === "" ? NaN : Number(text(row)));
  const order = (a, b) => (isNaN(value(a)) || isNaN(value(b)) ? text(a).localeCompare(text(b)) : value(a) - value(b));
  const known = rows.filter((row) => text(row) !== "-").sort((a, b) => (down ? order(b, a) : order(a, b)));
  return [...known, ...rows.filter((row) => text(row) === "-")];
}

function listOriginals() {
  const metric = data.metrics.find((each) => each.name === byId("metric").value);
  const { heads, cells } = originalColumns(metric);
  const rows = data.originals.map((original) => [originalCell(original), original.facts, ...cells(original)]);
  listTable(byId("original-table"), [data.one, data.facts, ...heads], rows);
  markListed();
}

// An original of which the page has more is a button that shows it.
function originalCell(original) {
  if (!original.points) return element("td", original.name);
  const cell = element("td");
  const button = element("button", original.name, { type: "button" });
  button.addEventListener("click", () => choose(original));
  cell.append(button);
  return cell;
}

let listed = null;

function markListed() {
  for (const row of byId("original-table").tBodies[0]?.rows ?? []) {
    row.classList.toggle("chosen", row.cells[0].textContent === listed);
  }
}

function listPoints(original) {
  listed = original.name;
  byId("points-heading").textContent = `All that was measured on ${original.name}`;
  const metrics = data.metrics.map((metric) => metric.short);
  const header = ["codec", data.setting, "bytes", data.rate.short, ...metrics, "encode s", "decode s"];
  const rows = original.points.map((point) => [
    titles[point.codec],
    String(point.quality),
    String(point.bytes),
    number(point.rate, data.rate.digits + 1),
    ...data.metrics.map((metric) => number(point[metric.name], metric.digits)),
    number(point.encode, 3),
    number(point.decode, 3),
  ]);
  listTable(byId("point-table"), header, rows);
  markListed();
}

function startTables() {
  fill(byId("metric"), data.metrics.map((metric) => [metric.name, metric.label]));
  byId("metric").addEventListener("change", listOriginals);
  for (const table of document.querySelectorAll("table")) if (table.tHead) makeSortable(table);
  listOriginals();
}
