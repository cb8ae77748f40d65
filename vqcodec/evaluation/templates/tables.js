// The tables, of which some are sorted and others made here.

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

function listPictures() {
  const metric = data.metrics.find((each) => each.name === byId("metric").value);
  const others = data.codecs.filter((codec) => codec.name !== data.first);
  const columns = others.flatMap(({ label }) => [`rate vs ${label}, %`, `quality vs ${label}`]);
  const key = (...parts) => JSON.stringify(parts);
  const found = new Map(data.comparisons.map(([image, against, by, ...both]) => [key(image, against, by), both]));
  const rows = data.pictures.map(([name, width, height]) => {
    const cells = others.flatMap((codec) => {
      const [rate, quality] = found.get(key(name, codec.name, metric.name));
      return [number(rate, 1, true), number(quality, 2, true)];
    });
    return [pictureCell(name), `${width} x ${height}`, ...cells];
  });
  listTable(byId("picture-table"), ["picture", "pixels", ...columns], rows);
  markChosen();
}

// A picture that can be looked at is a button that hangs it.
function pictureCell(name) {
  const index = data.exhibits.findIndex((exhibit) => exhibit.image === name);
  if (index < 0) return element("td", name);
  const cell = element("td");
  const button = element("button", name, { type: "button" });
  button.addEventListener("click", () => {
    byId("picture").value = index;
    look();
    byId("viewer").scrollIntoView();
  });
  cell.append(button);
  return cell;
}

function markChosen() {
  const chosen = data.exhibits.length ? data.exhibits[Number(byId("picture").value)].image : null;
  for (const row of byId("picture-table").tBodies[0]?.rows ?? []) {
    row.classList.toggle("chosen", row.cells[0].textContent === chosen);
  }
}

function listPoints(exhibit) {
  byId("points-heading").textContent = `All that was measured on ${exhibit.image}`;
  const metrics = data.metrics.map((metric) => metric.short);
  const header = ["codec", "quality", "bytes", "bit/pixel", ...metrics, "encode s", "decode s"];
  const rows = exhibit.points.map((point) => [
    labels[point.codec],
    String(point.quality),
    String(point.bytes),
    number(point.rate, 4),
    ...data.metrics.map((metric) => number(point[metric.name], metric.digits)),
    number(point.encode, 3),
    number(point.decode, 3),
  ]);
  listTable(byId("point-table"), header, rows);
  markChosen();
}

function startTables() {
  fill(byId("metric"), data.metrics.map((metric) => [metric.name, metric.label]));
  byId("metric").addEventListener("change", listPictures);
  for (const table of document.querySelectorAll("table")) if (table.tHead) makeSortable(table);
  listPictures();
}
