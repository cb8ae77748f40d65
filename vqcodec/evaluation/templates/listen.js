// The section to listen to sounds. It has all versions of a sound. One of them plays at a time, and the next one goes on
// where it was.

let players = [];

// Start at `seconds`; without it, where another version plays; and if none plays, where this one was.
function start(player, seconds = null) {
  const other = players.find((each) => each !== player && !each.audio.paused);
  if (seconds === null && other) seconds = other.audio.currentTime;
  if (other) other.audio.pause();
  if (seconds !== null) player.audio.currentTime = seconds;
  player.audio.play().catch(() => {}); // it may be paused before it starts
}

function toggle(player) {
  if (player.audio.paused) start(player);
  else player.audio.pause();
}

function pointOf(original, clip) {
  return original.points.find((point) => point.codec === clip.codec && point.quality === clip.quality);
}

function captionOf(original, clip) {
  if (!clip.codec) return `${original.name}, ${original.facts} s`;
  const point = pointOf(original, clip);
  const scores = data.metrics.map((metric) => `${metric.short} ${number(point[metric.name], metric.digits)}`);
  return `${number(point.rate, data.rate.digits)} ${data.rate.unit}, ${scores.join(", ")}`;
}

function makePlayer(original, clip) {
  const name = clip.codec ? `${titles[clip.codec]} at ${clip.quality} kbit/s` : "Original";
  const button = element("button", name, { type: "button" });
  const audio = element("audio", "", { src: clip.sound, controls: true, preload: "auto" });
  const picture = element("img", "", { src: clip.picture, alt: `Spectrogram: ${name}` });
  const cursor = element("span", "", { className: "cursor" });
  const spectrogram = element("div", "", { className: "spectrogram" });
  spectrogram.append(picture, cursor);
  const box = element("article", "", { className: "player" });
  box.append(button, element("p", captionOf(original, clip)), spectrogram, audio);
  const player = { audio, box, cursor };
  button.addEventListener("click", () => toggle(player));
  spectrogram.addEventListener("click", (event) => {
    const place = spectrogram.getBoundingClientRect();
    start(player, ((event.clientX - place.left) / place.width) * audio.duration);
  });
  audio.addEventListener("play", () => {
    if (audio.paused) return; // again, as another one was started: they must not stop each other in turn
    start(player); // it may have been started by its own controls
    moveCursor(player);
  });
  for (const change of ["play", "pause"]) {
    audio.addEventListener(change, () => box.classList.toggle("playing", !audio.paused));
  }
  audio.addEventListener("seeked", () => moveCursor(player));
  return player;
}

function moveCursor(player) {
  player.cursor.style.left = `${(100 * player.audio.currentTime) / player.audio.duration || 0}%`;
  if (!player.audio.paused) requestAnimationFrame(() => moveCursor(player));
}

function listen() {
  for (const { audio } of players) audio.pause();
  const exhibit = data.exhibits[Number(byId("sound").value)];
  const original = data.originals.find((each) => each.name === exhibit.name);
  players = exhibit.clips.map((clip) => makePlayer(original, clip));
  byId("players").replaceChildren(...players.map(({ box }) => box));
  byId("heard-as").textContent =
    `The first ${number(exhibit.seconds, 1)} s of what each codec decoded, as FLAC. Spectrograms show 0 to 8 kHz, and ` +
    "levels to 80 dB below the loudest of the original. Scores are of the whole sound.";
  listPoints(original);
}

// The metric of every codec at every setting, on each sound.
function originalColumns(metric) {
  const settings = data.originals[0].points.map(({ codec, quality }) => ({ codec, quality }));
  const cells = (original) => settings.map((each) => number(pointOf(original, each)[metric.name], metric.digits));
  return { heads: settings.map(({ codec, quality }) => `${titles[codec]} ${quality}`), cells };
}

// A sound that is chosen in the table is shown in this section, if it is there, and its points are listed.
function choose(original) {
  const index = data.exhibits.findIndex((exhibit) => exhibit.name === original.name);
  if (index >= 0) {
    byId("sound").value = index;
    listen();
  } else {
    listPoints(original);
  }
  byId(index >= 0 ? "viewer" : "points-heading").scrollIntoView();
}

function startViewer() {
  if (!data.exhibits.length) {
    byId("viewer").hidden = true;
    return;
  }
  fill(byId("sound"), data.exhibits.map((exhibit, index) => [index, exhibit.name]));
  byId("sound").addEventListener("change", listen);
  document.addEventListener("keydown", (event) => {
    const player = players[Number(event.key) - 1];
    if (player && !event.ctrlKey && !event.altKey && !event.metaKey && event.target.tagName !== "SELECT") toggle(player);
  });
  listen();
}
