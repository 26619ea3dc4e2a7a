// The operator's status page: polls the bot's state every two seconds; pausing asks for confirmation.

const EVERY_MS = 2000;
const KEPT = 90;
const ALWAYS = ["web", "io", "gpu", "sweep"];
const history = { fetch: [], render: [], deliver: [] };
let samples = [];
let next = 0;

const $ = (id) => document.getElementById(id);

function make(tag, text = "", attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function span(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString();
const number = (value) => value.toLocaleString();

function perMinute(name) {
  const first = samples[0], last = samples[samples.length - 1];
  const minutes = (last.at - first.at) / 60;
  // A rate over less than nine seconds is too noisy to show.
  return minutes > 0.15 ? number(Math.round((last.counts[name] - first.counts[name]) / minutes)) : "–";
}

function tiles(now) {
  const waiting = now.stages.reduce((sum, stage) => sum + stage.waiting, 0);
  const rows = [
    [number(waiting), "queued"],
    [perMinute("answered"), "answered a minute"],
    [now.waits.actual_s === undefined ? "–" : span(now.waits.actual_s), "average wait"],
    [now.waits.within_promise === undefined ? "–" : `${Math.round(100 * now.waits.within_promise)} %`, "within promise"],
    [number(now.counts.answered), `paintings so far, ${number(now.counts.apologised)} apologies`],
    [number(now.counts.refused), "refused so far"],
    [number(now.counts.reused), "answered with an existing painting"],
    [`${Math.round(now.memory[0] / 1048576)} MiB`, "ledger memory"],
  ];
  $("tiles").replaceChildren(...rows.map(([value, words]) => {
    const tile = make("div", "", { class: "tile" });
    tile.append(make("b", value), make("span", words));
    return tile;
  }));
}

function line(values) {
  const most = Math.max(1, ...values);
  const begin = 100 - (100 * (values.length - 1)) / (KEPT - 1);
  const x = (i) => (begin + (100 * i) / (KEPT - 1)).toFixed(2);
  const points = values.map((v, i) => `${x(i)},${(38 - (34 * v) / most).toFixed(1)}`);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 100 40");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  for (const [tag, shape] of [["polygon", [`${begin},40`, ...points, "100,40"]], ["polyline", points]]) {
    const element = document.createElementNS(svg.namespaceURI, tag);
    element.setAttribute("points", shape.join(" "));
    svg.append(element);
  }
  return svg;
}

function stages(now) {
  const paused = new Set(now.switches.filter((s) => s.on && !s.platform).map((s) => s.what));
  $("stages").replaceChildren(...now.stages.map((stage) => {
    const past = history[stage.name];
    past.push(stage.waiting);
    if (past.length > KEPT) past.shift();
    const card = make("div", "", { class: paused.has(stage.name) ? "stage paused" : "stage" });
    const title = make("h3", stage.name);
    title.append(make("b", number(stage.waiting)));
    const leased = `${number(stage.leased)} in progress`;
    const oldest = stage.waiting ? `, oldest ${span(stage.oldest_s)}` : "";
    const speed = stage.jobs_per_s ? `up to ${stage.jobs_per_s.toFixed(1)} a second` : "throughput not measured yet";
    const lanes = Object.entries(stage.lanes).map(([lane, count]) => `${lane} ${number(count)}`).join(", ");
    card.append(title, line(past), make("p", `${leased}${oldest}; ${speed}`, { class: "small" }));
    if (lanes) card.append(make("p", lanes, { class: "small" }));
    return card;
  }));
}

function switches(now) {
  $("switches").replaceChildren(...now.switches.map((each) => {
    const name = each.platform ? `${each.what} on ${each.platform}` : each.what;
    const until = each.until ? ` until ${clock(each.until)}` : "";
    const row = make("li", "", { class: each.on ? "off" : "" });
    const button = make("button", each.on ? "Resume" : "Pause", {
      class: each.on ? "button" : "button quiet", type: "button", "data-switch": name,
    });
    button.addEventListener("click", () => flip(each, name));
    row.append(make("span", each.on ? `${name}: paused${until}` : name), button);
    return row;
  }));
}

async function flip(each, name) {
  $("question").textContent = each.on ? `Resume ${name}?` : `Pause ${name} until you resume it?`;
  $("yes").textContent = each.on ? "Resume" : "Pause";
  $("ask").returnValue = "";
  $("ask").showModal();
  await new Promise((closed) => $("ask").addEventListener("close", closed, { once: true }));
  if ($("ask").returnValue !== "yes") return;
  const body = JSON.stringify({ what: each.what, platform: each.platform });
  const answer = await fetch(each.on ? "/status/resume" : "/status/pause", {
    method: "POST", headers: { "Content-Type": "application/json" }, body,
  });
  if (answer.ok) draw(await answer.json());
}

function processes(now) {
  const kinds = new Set(now.processes.map((each) => each.kind));
  const missing = ALWAYS.filter((kind) => !kinds.has(kind));
  $("processes").replaceChildren(
    ...missing.map((kind) => make("li", `no ${kind} process`, { class: "missing" })),
    ...now.processes.map((each) => {
      const facts = Object.values(each.facts).join(", ");
      const words = `${each.kind} on ${each.name}, for ${span(Math.max(0, now.at - each.since))}`;
      return make("li", facts ? `${words}, ${facts}` : words);
    }),
  );
  return missing;
}

function refusals(now) {
  const rows = now.refusals.map(([platform, reason, count]) => {
    const row = make("li", `${platform}: ${reason}`);
    row.append(make("b", number(count)));
    return row;
  });
  $("refusals").replaceChildren(...(rows.length ? rows : [make("li", "None.")]));
}

function failures(now) {
  const open = new Set([...document.querySelectorAll("#failures details[open]")].map((d) => d.id));
  const rows = now.failures.map((each) => {
    const details = make("details", "", { id: `job-${each.id}` });
    details.open = open.has(details.id);
    const history = make("ol");
    for (const [at, event, detail] of each.history) {
      const entry = make("li");
      entry.append(make("span", clock(at)), make("span", `${event} ${detail}`));
      history.append(entry);
    }
    const retry = make("p", "", { class: "small" });
    retry.append("To retry: ", make("code", `suisai dead retry ${each.id}`));
    const summary = make("summary", `${clock(each.at)}, ${each.platform}: ${each.reason || each.outcome}`);
    details.append(summary, history);
    if (each.outcome === "undeliverable") details.append(retry);
    return details;
  });
  const none = make("p", "No job was given up.", { class: "small" });
  $("failures").replaceChildren(...(rows.length ? rows : [none]));
}

function pictures(now) {
  const shown = now.pictures.join();
  $("pictures-section").hidden = !now.pictures.length;
  if ($("pictures").dataset.shown === shown) return;
  $("pictures").dataset.shown = shown;
  $("pictures").replaceChildren(...now.pictures.map((key, n) =>
    make("img", "", { src: `/status/pictures/${n}?${encodeURIComponent(key)}`, alt: "A painting", loading: "lazy" })));
}

function mood(now, missing) {
  const paused = now.switches.filter((each) => each.on);
  const words =
    missing.length ? `No ${missing.join(", no ")} process is running.` :
    now.overload_level === "refuse" ? "The queue is full: new requests are told to come back later." :
    paused.length ? `Paused: ${paused.map((s) => [s.what, s.platform].filter(Boolean).join(" on ")).join(", ")}.` :
    now.overload_level === "brownout" ? "Busy: painting with the faster recipes." : "All is well.";
  $("mood").textContent = words;
  $("mood").dataset.mood = missing.length || now.overload_level === "refuse" || paused.length ? "bad" : "well";
}

function draw(now) {
  samples.push(now);
  samples = samples.filter((sample) => now.at - sample.at < 120);
  tiles(now);
  stages(now);
  switches(now);
  const missing = processes(now);
  refusals(now);
  failures(now);
  pictures(now);
  mood(now, missing);
}

async function look() {
  try {
    const answer = await fetch("/status/now");
    if (!answer.ok) throw new Error(String(answer.status));
    draw(await answer.json());
  } catch {
    $("mood").textContent = "The web process or its ledger does not answer; retrying.";
    $("mood").dataset.mood = "bad";
  }
  clearTimeout(next);
  if (!document.hidden) next = setTimeout(look, EVERY_MS);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
look();
