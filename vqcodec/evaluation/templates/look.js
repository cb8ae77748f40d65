// The section to look at pictures.

const ORIGINAL = "";
const aims = [...new Set(data.exhibits.flatMap(({ samples }) => samples.map(({ aim }) => aim)))].sort((a, b) => a - b);

function sampleOf(exhibit, codec) {
  const aim = aims[Number(byId("rate").value)];
  const settings = data.entrants.filter((entrant) => entrant.curve === codec).map((entrant) => entrant.name);
  return exhibit.samples.find((sample) => sample.aim === aim && settings.includes(sample.point.codec));
}

function hang(side, exhibit, codec) {
  const sample = codec === ORIGINAL ? null : sampleOf(exhibit, codec);
  const point = sample && sample.point;
  const name = point ? titles[point.codec] : "Original";
  byId(`${side}-image`).src = sample ? sample.source : exhibit.original.source;
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
  listPoints(data.originals.find((original) => original.name === exhibit.name));
}

function slide() {
  byId("stage").style.setProperty("--split", `${byId("slider").value}%`);
}

// How the first codec lies to the others, on each picture.
function originalColumns(metric) {
  const others = data.codecs.filter((codec) => codec.name !== data.first);
  const key = (...parts) => JSON.stringify(parts);
  const found = new Map(data.comparisons.map(([name, against, by, ...both]) => [key(name, against, by), both]));
  const cells = ({ name }) =>
    others.flatMap((codec) => {
      const [rate, quality] = found.get(key(name, codec.name, metric.name));
      return [number(rate, 1, true), number(quality, 2, true)];
    });
  return { heads: others.flatMap(({ label }) => [`rate vs ${label}, %`, `quality vs ${label}`]), cells };
}

// A picture of the table is hung where one can look at it.
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
