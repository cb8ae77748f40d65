"use strict";

// Everything that comes from files, their names above all, reaches the page as text, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const labels = Object.fromEntries(data.codecs.map((codec) => [codec.name, codec.label]));
const dark = matchMedia("(prefers-color-scheme: dark)");

function element(tag, text = "", properties = {}) {
  return Object.assign(document.createElement(tag), { textContent: text }, properties);
}

function number(value, digits, sign = false) {
  if (value === null || value === undefined) return "-";
  return (sign && value > 0 ? "+" : "") + value.toFixed(digits);
}

function fill(select, options) {
  select.replaceChildren(...options.map(([value, text]) => element("option", text, { value })));
}

// Curves ------------------------------------------------------------------------------------------------------------

const hidden = new Set();
const plots = data.metrics.map((metric) => {
  const panel = element("div", "", { className: "plot" });
  const target = element("div");
  panel.append(element("h3", metric.label), target);
  byId("plots").append(panel);
  return { metric, target };
});

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const plain = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"); // plotly knows tags
const decibels = (value) => -10 * Math.log10(1 - Math.min(value, 1 - 1e-7));

// Colours are chosen for a light page; on a dark one they are laid over white.
function shade(colour) {
  if (!dark.matches) return colour;
  const parts = [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
  return `rgb(${parts.map((part) => Math.round(part + (255 - part) * 0.35)).join(" ,")})`;
}

// The mean curves, or those of one picture; published ones are of the means only.
function curvesOf(metric, image) {
  const known = data.curves.filter((curve) => curve.metric === metric.name);
  if (image === "") return known;
  const points = data.exhibits[Number(image)].points;
  return known
    .filter((curve) => !curve.published)
    .map((curve) => {
      const own = points.filter((point) => point.codec === curve.name && point[metric.name] !== null);
      return {
        ...curve,
        qualities: own.map((point) => point.quality),
        rates: own.map((point) => point.rate),
        values: own.map((point) => point[metric.name]),
      };
    });
}

function trace(curve, metric) {
  const first = curve.name === data.first;
  const colour = shade(curve.colour);
  return {
    x: curve.rates,
    y: metric.endsAtOne ? curve.values.map(decibels) : curve.values,
    text: curve.rates.map((rate, index) => {
      const quality = curve.qualities.length ? `, quality ${curve.qualities[index]}` : "";
      const value = number(curve.values[index], metric.digits);
      return `<b>${plain(curve.label)}</b>${quality}<br>${rate.toFixed(3)} bit per pixel, ${value}`;
    }),
    hovertemplate: "%{text}<extra></extra>",
    mode: curve.published ? "lines" : "lines+markers",
    line: { color: colour, width: first ? 3 : 1.8, dash: curve.published ? "dash" : "solid" },
    marker: { color: colour, size: first ? 7 : 5 },
    visible: !hidden.has(curve.name),
  };
}

// From the least to the greatest, with a margin.
function widened(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = 0.04 * (high - low) || 0.5;
  return [low - margin, high + margin];
}

function layout(metric, curves) {
  const grid = { gridcolor: style("--line"), linecolor: style("--line"), zeroline: false };
  const ticks = [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999];
  const measured = curves.filter((curve) => !curve.published).flatMap((curve) => curve.rates);
  const [low, high] = [Math.min(...measured), Math.max(...measured)];
  // Published curves may go on for long.
  const isNear = (rate) => low <= rate && rate <= high;
  const near = curves.flatMap((curve) => curve.values.filter((_, index) => isNear(curve.rates[index])));
  const x = { ...grid, range: measured.length ? widened(measured.map(Math.log10)) : undefined };
  const y = { ...grid, range: measured.length ? widened(metric.endsAtOne ? near.map(decibels) : near) : undefined };
  return {
    margin: { l: 48, r: 12, t: 8, b: 44 },
    showlegend: false,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, sans-serif", size: 13, color: style("--text") },
    hoverlabel: { bgcolor: style("--card"), bordercolor: style("--line"), font: { color: style("--text") } },
    xaxis: { ...x, type: "log", title: { text: "bit per pixel" }, dtick: "D2", tickformat: "~g" },
    yaxis: metric.endsAtOne ? { ...y, tickvals: ticks.map(decibels), ticktext: ticks.map(String) } : y,
  };
}

function draw() {
  for (const { metric, target } of plots) {
    const curves = curvesOf(metric, byId("curve-of").value);
    const traces = curves.map((curve) => trace(curve, metric));
    const remove = ["select2d", "lasso2d", "autoScale2d"];
    const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: remove };
    Plotly.react(target, traces, layout(metric, curves), config);
  }
  for (const chip of byId("chips").children) chip.style.setProperty("--colour", shade(chip.dataset.colour));
}

function startCurves() {
  const names = data.exhibits.map((exhibit, index) => [index, exhibit.image]);
  fill(byId("curve-of"), [["", "the mean of all pictures"], ...names]);
  byId("curve-of").addEventListener("change", draw);
  for (const curve of new Map(data.curves.map((each) => [each.name, each])).values()) {
    const chip = element("button", "", { type: "button", className: curve.published ? "published" : "" });
    chip.dataset.colour = curve.colour;
    chip.setAttribute("aria-pressed", "true");
    chip.append(element("i"), curve.label);
    chip.addEventListener("click", () => {
      if (!hidden.delete(curve.name)) hidden.add(curve.name);
      chip.setAttribute("aria-pressed", String(!hidden.has(curve.name)));
      draw();
    });
    byId("chips").append(chip);
  }
  dark.addEventListener("change", draw);
  draw();
}

// Look --------------------------------------------------------------------------------------------------------------

const ORIGINAL = "";

function sampleOf(exhibit, codec) {
  const aim = data.aims[Number(byId("rate").value)];
  return exhibit.samples.find((sample) => sample.aim === aim && sample.point.codec === codec);
}

function hang(side, exhibit, codec) {
  const sample = codec === ORIGINAL ? null : sampleOf(exhibit, codec);
  const point = sample && sample.point;
  const name = point ? labels[codec] : "Original";
  byId(`${side}-image`).src = sample ? sample.source : exhibit.original.source;
  byId(`${side}-image`).alt = `${exhibit.image}: ${name}`;
  const facts = point && [
    `${number(point.rate, 3)} bit per pixel, ${point.bytes.toLocaleString("en")} bytes, quality ${point.quality}`,
    data.metrics.map((metric) => `${metric.short} ${number(point[metric.name], metric.digits)}`).join(", "),
  ];
  const lines = facts ? facts.flatMap((fact) => [fact, element("br")]) : [exhibit.image];
  byId(`${side}-caption`).replaceChildren(element("b", name), ...lines);
}

function look() {
  const exhibit = data.exhibits[Number(byId("picture").value)];
  hang("left", exhibit, byId("left").value);
  hang("right", exhibit, byId("peer").value);
  const size = Number(byId("size").value);
  const ratio = exhibit.width / exhibit.height;
  const stage = byId("stage");
  stage.style.aspectRatio = String(ratio);
  stage.style.width = size ? `${(size * exhibit.width) / devicePixelRatio}px` : `min(100%, ${78 * ratio}vh)`;
  stage.classList.toggle("pixels", size > 1);
  byId("shown-as").textContent =
    `The original and what browsers cannot show are WebP of quality ${exhibit.webp} here, at ` +
    `${exhibit.width} x ${exhibit.height} pixels; the others are the codec's own file. ` +
    "Every codec is set to come near the rate, or the nearest that the first one has. Arrow keys move the slider.";
  listPoints(exhibit);
}

function slide() {
  byId("stage").style.setProperty("--split", `${byId("slider").value}%`);
}

function startLook() {
  if (!data.exhibits.length) {
    byId("viewer").hidden = true;
    return;
  }
  fill(byId("picture"), data.exhibits.map((exhibit, index) => [index, exhibit.image]));
  fill(byId("rate"), data.aims.map((aim, index) => [index, `about ${aim} bit per pixel`]));
  const sides = [[ORIGINAL, "Original"], ...data.codecs.map((codec) => [codec.name, codec.label])];
  fill(byId("left"), sides);
  fill(byId("peer"), sides);
  byId("left").value = data.first;
  byId("peer").value = data.codecs.length > 1 ? data.codecs[1].name : ORIGINAL;
  for (const id of ["picture", "rate", "left", "peer", "size"]) byId(id).addEventListener("change", look);
  byId("slider").addEventListener("input", slide);
  slide();
  look();
}

// Tables ------------------------------------------------------------------------------------------------------------

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

startCurves();
startTables();
startLook();
