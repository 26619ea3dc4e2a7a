// The page: photos are dropped, pasted or picked here; works are shown newest first.

import { askPatiently, Refused } from "./asking.js";
import { dab, make, photosMax, say, styles } from "./facts.js";
import * as shelf from "./shelf.js";
import { Work } from "./work.js";

const easel = document.getElementById("easel");
const drop = document.getElementById("drop");
const picker = document.getElementById("photo");
const chosen = document.getElementById("chosen");
const about = document.getElementById("about");
const strength = document.getElementById("strength");
const words = document.getElementById("words");
const paint = document.getElementById("paint");
const said = document.getElementById("said");
const works = document.getElementById("works");

let photos = [];

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
  paint.focus();
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
    return make("label", { class: "pot" }, radio, dab(style), style.title);
  });
  document.getElementById("pots").replaceChildren(...pots);
  about.textContent = styles[0]?.about ?? "";
}

/** Send photos to the bot and show the work at the top; says whether they were taken. */
async function send(some, wish, tell) {
  tell(say("web-sending"));
  paint.disabled = true;
  try {
    const id = await askPatiently(some, wish, tell);
    await shelf.put(id, some);
    const work = new Work(id, some, send);
    works.prepend(work.element);
    work.element.scrollIntoView({ block: "nearest", behavior: "smooth" });
    tell("");
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(error.message, true);
    return false;
  } finally {
    paint.disabled = false;
  }
}

easel.onsubmit = async (event) => {
  event.preventDefault();
  if (photos.length === 0) {
    picker.click();
    return;
  }
  const style = easel.elements.style.value;
  const wish = { style, strength: strength.value / 100, words: words.value };
  if (await send(photos, wish, tell)) {
    photos = [];
    words.value = "";
    showChosen();
  }
};

picker.onchange = () => {
  add(picker.files);
  picker.value = "";
};

// The whole window takes a photo: nobody should have to aim.
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
  await shelf.clear();
  works.replaceChildren();
  tell(say("web-forgotten"));
};

async function resume() {
  for (const id of shelf.jobs()) {
    works.append(new Work(id, await shelf.photosOf(id), send).element);
  }
}

showStyles();
resume();
