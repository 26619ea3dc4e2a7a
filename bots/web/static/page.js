// The chat page: takes photos that are dropped, pasted or picked; shows requests, newest first.

import { requestPainting, Refused } from "./request.js";
import { make, photosMax, say, styleSample, styles } from "./facts.js";
import * as localJobs from "./local_jobs.js";
import { Work } from "./work.js";

const form = document.getElementById("request");
const drop = document.getElementById("drop");
const picker = document.getElementById("photo");
const chosen = document.getElementById("chosen");
const about = document.getElementById("about");
const strength = document.getElementById("strength");
const words = document.getElementById("words");
const paint = document.getElementById("paint");
const said = document.getElementById("said");
const works = document.getElementById("works");

const IN_FULL = 2;

let photos = [];
let shown = [];

function tell(text, sorry = false) {
  said.textContent = text;
  said.classList.toggle("sorry", sorry);
}

function add(files) {
  const more = [...files];
  if (more.length === 0) return;
  tell(photos.length + more.length > photosMax ? say("web-too-many") : "", true);
  photos = [...photos, ...more].slice(0, photosMax);
  showChosen();
  // Without scrolling: the photo that was just chosen stays in view.
  paint.focus({ preventScroll: true });
}

function showChosen() {
  drop.classList.toggle("has-photos", photos.length > 0);
  chosen.replaceChildren(...photos.map(chosenItem));
}

function chosenItem(photo, n) {
  const image = make("img", { src: URL.createObjectURL(photo), alt: say("web-photo") });
  image.onerror = () => image.replaceWith(make("span", { class: "blank" }, say("web-photo")));
  const remove = make("button", { type: "button", "aria-label": say("web-remove") }, "×");
  remove.onclick = () => {
    photos = photos.filter((_, other) => other !== n);
    showChosen();
    picker.focus();
  };
  return make("li", {}, image, remove);
}

function showStyles() {
  const pots = styles.map((style, n) => {
    const radio = make("input", { type: "radio", name: "style", value: style.name, checked: n === 0 });
    radio.onchange = () => (about.textContent = style.about);
    return make("label", { class: "pot" }, radio, styleSample(style), style.title);
  });
  document.getElementById("pots").replaceChildren(...pots);
  about.textContent = styles[0]?.about ?? "";
}

/** Send photos to the bot and show the request at the top; returns whether they were accepted. */
async function send(some, wish, tell) {
  if (paint.getAttribute("aria-disabled") === "true") return false;
  tell(say("web-sending"));
  // Not `disabled`, which would take the focus away.
  paint.setAttribute("aria-disabled", "true");
  try {
    const id = await requestPainting(some, wish, tell);
    await localJobs.put(id, some);
    const work = new Work(id, some, send, fold);
    shown = [work, ...shown];
    works.prepend(work.element);
    fold();
    if (work.element.getBoundingClientRect().top > innerHeight) {
      work.element.scrollIntoView({ block: "nearest", behavior: "smooth" });
    }
    tell("");
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(error.message, true);
    return false;
  } finally {
    paint.setAttribute("aria-disabled", "false");
  }
}

form.onsubmit = async (event) => {
  event.preventDefault();
  if (photos.length === 0) {
    picker.click();
    return;
  }
  const style = form.elements.style.value;
  const wish = { style, strength: strength.value / 100, words: words.value };
  if (await send(photos, wish, tell)) {
    photos = [];
    words.value = "";
    understood.textContent = "";
    showChosen();
  }
};

picker.onchange = () => {
  add(picker.files);
  picker.value = "";
};

// Photos can be dropped anywhere in the window.
addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) drop.classList.remove("over");
});
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  add(event.dataTransfer.files);
});
addEventListener("paste", (event) => {
  if (event.clipboardData.files.length > 0) {
    event.preventDefault();
    add(event.clipboardData.files);
  }
});

// Shows what the bot understands of the visitor's words before they send them.
const understood = document.getElementById("understood");
let asked = 0;
let soon = 0;

async function understand() {
  const mine = ++asked;
  const style = form.elements.style.value;
  const query = new URLSearchParams({ words: words.value, style, strength: strength.value / 100 });
  const response = words.value.trim() === "" ? null : await fetch(`/words?${query}`).catch(() => null);
  const said = response?.ok ? (await response.json()).words : "";
  if (mine === asked) understood.textContent = said;
}

for (const source of [words, strength, document.getElementById("pots")]) {
  source.addEventListener("input", () => {
    clearTimeout(soon);
    soon = setTimeout(understand, 300);
  });
}

document.getElementById("language").onchange = (event) => event.target.form.submit();

const forgetting = document.getElementById("forgetting");
document.getElementById("forget").onclick = () => forgetting.showModal();
forgetting.onclose = async () => {
  if (forgetting.returnValue !== "yes") return;
  const response = await fetch("/me", { method: "DELETE" }).catch(() => null);
  if (!response?.ok) {
    tell(say("web-offline"), true);
    return;
  }
  await localJobs.clear();
  works.replaceChildren();
  shown = [];
  tell(say("web-forgotten"));
};

/** Show older requests folded, so that many of them do not make a long page. */
function fold() {
  shown = shown.filter((work) => work.element.isConnected);
  shown.forEach((work, n) => work.element.classList.toggle("folded", n >= IN_FULL && work.ended && !work.opened));
}

async function resume() {
  // Includes jobs that the bot still has and this browser no longer knows.
  const response = await fetch("/jobs").catch(() => null);
  const kept = response?.ok ? (await response.json()).jobs : [];
  const ids = localJobs.jobs();
  for (const id of [...ids, ...kept.filter((each) => !ids.includes(each))]) {
    const work = new Work(id, await localJobs.photosOf(id), send, fold);
    shown.push(work);
    works.append(work.element);
  }
  fold();
}

showStyles();
resume();
