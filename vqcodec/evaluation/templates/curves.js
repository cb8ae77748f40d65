// The section of curves.

const hidden = new Set();
const plots = data.metrics.map((metric) => {
  const panel = element("div", "", { className: "plot" });
  const target = element("div");
  panel.append(element("h3", metric.label), target);
  byId("plots").append(panel);
  return { metric, target };
});

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const plain = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"); // plotly reads tags
const decibels = (value) => -10 * Math.log10(1 - Math.min(value, 1 - 1e-7));

// Colours are chosen for a light page; on a dark one they are laid over white.
function shade(colour) {
  if (!dark.matches) return colour;
  const parts = [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
  return `rgb(${parts.map((part) => Math.round(part + (255 - part) * 0.35)).join(" ,")})`;
}

// The mean curves and the published ones; or the curves of one original, which is given by its number.
function curvesOf(metric, original) {
  const { curves } = original === "" ? data : data.originals[Number(original)];
  return curves.filter((curve) => curve.metric === metric.name);
}

function trace(curve, metric) {
  const first = curve.name === data.first;
  const colour = shade(curve.colour);
  return {
    x: curve.rates,
    y: metric.endsAtOne ? curve.values.map(decibels) : curve.values,
    text: curve.rates.map((rate, index) => {
      const quality = curve.qualities.length ? `, ${data.setting} ${curve.qualities[index]}` : "";
      const value = number(curve.values[index], metric.digits);
      const title = titles[curve.codecs[index]] ?? curve.label;
      return `<b>${plain(title)}</b>${quality}<br>${rate.toFixed(data.rate.digits)} ${data.rate.unit}, ${value}`;
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
  // Published curves may go far beyond.
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
    xaxis: { ...x, type: "log", title: { text: data.rate.unit }, dtick: "D2", tickformat: "~g" },
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
  const names = data.originals.flatMap((original, index) => (original.points ? [[index, original.name]] : []));
  fill(byId("curve-of"), [["", `the mean of all ${data.many}`], ...names]);
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
