// The section to look at pictures.

const ORIGINAL = "";
const aims = [...new Set(data.exhibits.flatMap(({ decoded }) => decoded.map(({ aim }) => aim)))].sort((a, b) => a - b);

function decodedBy(family, exhibit) {
  const aim = aims[Number(byId("rate").value)];
  const variants = data.codecs.filter((codec) => codec.family === family).map((codec) => codec.name);
  return exhibit.decoded.find((each) => each.aim === aim && variants.includes(each.point.codec));
}

function hang(side, exhibit, family) {
  const decoded = family === ORIGINAL ? null : decodedBy(family, exhibit);
  const point = decoded && decoded.point;
  const name = point ? titles[point.codec] : "Original";
  byId(`${side}-image`).src = decoded ? decoded.source : exhibit.original.source;
  byId(`${side}-image`).alt = `${exhibit.name}: ${name}`;
  const facts = point && [
    `${number(point.rate, 3)} bit per pixel, ${point.bytes.toLocaleString("en")} bytes, quality ${point.quality}`,
    data.metrics.map((metric) => `${metric.short} ${number(point[metric.name], metric.digits)}`).join(", "),
  ];
  const lines = facts ? facts.flatMap((fact) => [fact, element("br")]) : [exhibit.name];
  byId(`${side}-caption`).replaceChildren(element("b", name), ...lines);
}

function look() {
  const exhibit = data.exhibits[Number(byId("picture").value)];
  hang("left", exhibit, byId("left").value);
  hang("right", exhibit, byId("right").value);
  const size = Number(byId("size").value);
  const ratio = exhibit.width / exhibit.height;
  const stage = byId("stage");
  stage.style.aspectRatio = String(ratio);
  stage.style.width = size ? `${(size * exhibit.width) / devicePixelRatio}px` : `min(100%, ${78 * ratio}vh)`;
  stage.classList.toggle("pixels", size > 1);
  byId("shown-as").textContent =
    `The original, and what browsers cannot show, is shown as WebP of quality ${exhibit.webp}, at ` +
    `${exhibit.width} x ${exhibit.height} pixels. All others are the files of the codecs. Every codec is set to come ` +
    "near the rate, or near the closest rate that the first codec has. The arrow keys move the slider.";
  listPoints(data.originals.find((original) => original.name === exhibit.name));
}

function slide() {
  byId("stage").style.setProperty("--split", `${byId("slider").value}%`);
}

// Bjontegaard's measures of the first family against each other one, on each picture.
function originalColumns(metric) {
  const others = data.families.filter((family) => family.name !== data.first);
  const key = (...parts) => JSON.stringify(parts);
  const found = new Map(data.comparisons.map(([name, against, by, ...both]) => [key(name, against, by), both]));
  const cells = ({ name }) =>
    others.flatMap((family) => {
      const [rate, quality] = found.get(key(name, family.name, metric.name));
      return [number(rate, 1, true), number(quality, 2, true)];
    });
  return { heads: others.flatMap(({ label }) => [`rate vs ${label}, %`, `quality vs ${label}`]), cells };
}

// A picture that is chosen in the table is shown in this section.
function choose(original) {
  byId("picture").value = data.exhibits.findIndex((exhibit) => exhibit.name === original.name);
  look();
  byId("viewer").scrollIntoView();
}

function startViewer() {
  if (!data.exhibits.length) {
    byId("viewer").hidden = true;
    return;
  }
  fill(byId("picture"), data.exhibits.map((exhibit, index) => [index, exhibit.name]));
  fill(byId("rate"), aims.map((aim, index) => [index, `about ${aim} bit per pixel`]));
  const sides = [[ORIGINAL, "Original"], ...data.families.map((family) => [family.name, family.label])];
  fill(byId("left"), sides);
  fill(byId("right"), sides);
  byId("left").value = data.first;
  byId("right").value = data.families.length > 1 ? data.families[1].name : ORIGINAL;
  for (const id of ["picture", "rate", "left", "right", "size"]) byId(id).addEventListener("change", look);
  byId("slider").addEventListener("input", slide);
  slide();
  look();
}
