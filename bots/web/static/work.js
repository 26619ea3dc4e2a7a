// One request on the page: its progress, then its painting or apology, and its buttons.

import { compare, fit } from "./compare.js";
import { make, say, styleSample, styles, takesWords, titleOf } from "./facts.js";
import * as localJobs from "./local_jobs.js";
import { zoom } from "./zoom.js";

const STEP = 0.2;
const AGAIN_MS = 2_000;

export class Work {
  /** `onWish(photos, wish, tell)` is called when the visitor wants the same photos painted differently. */
  constructor(id, photos, onWish, onChange = () => {}) {
    this.id = id;
    this.photos = photos;
    this.onWish = onWish;
    this.onChange = onChange;
    this.urls = photos.map((photo) => URL.createObjectURL(photo));
    // Screen readers announce `news`, once per event, and not the text that changes every second.
    this.words = make("p", { class: "words" });
    this.news = make("p", { class: "unseen", role: "status" });
    this.notes = make("p", { class: "notes small" });
    this.bar = make("progress", { max: 1, value: 0, "aria-label": say("web-painting-of") });
    this.pictures = make("div", { class: "pictures" }, ...this.undried());
    this.doings = make("div", { class: "doings" }, this.button("web-cancel", () => this.cancel()));
    const line = make("div", { class: "line" }, this.words, this.notes);
    this.opener = make("button", { class: "open", type: "button", "aria-label": say("web-open") });
    this.opener.onclick = () => this.open();
    this.element = make("article", { class: "work waiting", "data-job": id, tabindex: -1 },
      this.pictures, line, this.bar, this.doings, this.news, this.opener);
    this.pictures.classList.toggle("many", photos.length > 1);
    this.waited = false;
    this.opened = false;
    this.listen();
  }

  undried() {
    if (this.urls.length === 0) return [make("div", { class: "picture empty" }, say("web-no-photo"))];
    return this.urls.map((src) => {
      const wet = make("img", { class: "wet", src, alt: "" });
      const dry = make("img", { class: "dry", src, alt: say("web-photo") });
      const frame = make("div", { class: "picture" }, dry, wet);
      dry.onload = () => fit(frame, dry);
      dry.onerror = () => frame.replaceWith(make("div", { class: "picture empty" }, say("web-photo")));
      return frame;
    });
  }

  /** Unfold an older request. */
  open() {
    this.opened = true;
    this.onChange();
    this.element.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest" });
  }

  get ended() {
    return !this.element.classList.contains("waiting");
  }

  listen() {
    const source = new EventSource(`/jobs/${this.id}/events`);
    source.onmessage = (message) => {
      const job = JSON.parse(message.data);
      if (job.state !== "waiting") source.close();
      this.show(job);
    };
    source.onerror = () => {
      if (source.readyState === EventSource.CONNECTING) this.tell(say("web-offline"));
      else this.lookAgain();
    };
  }

  /** The event stream failed: find out whether the job is gone or the bot is unreachable. */
  async lookAgain() {
    const response = await fetch(`/jobs/${this.id}`).catch(() => null);
    if (response?.status === 404) {
      await localJobs.drop(this.id);
      this.end("failed", (await response.json()).words);
      return;
    }
    this.tell(say("web-offline"));
    setTimeout(() => this.listen(), AGAIN_MS);
  }

  show(job) {
    this.tell(job.words);
    if (job.state === "waiting") {
      this.waited = true;
      this.bar.value = job.progress;
      this.element.style.setProperty("--progress", job.stage === "deliver" ? 1 : job.progress);
      this.element.classList.toggle("paused", job.paused);
    } else if (job.state === "answered") this.showPainting(job);
    else this.end(job.state === "cancelled" ? "cancelled" : "failed", job.words, job);
  }

  tell(words) {
    if (this.words.textContent !== words) this.words.textContent = words;
  }

  /** Replace the buttons; if one of them had the focus, keep the focus in this request. */
  offer(...doings) {
    const focused = this.doings.contains(document.activeElement);
    this.doings.replaceChildren(...doings);
    if (focused) (this.doings.querySelector("a, button:not(:disabled)") ?? this.element).focus({ preventScroll: true });
  }

  showPainting(job) {
    this.element.className = "work answered";
    this.bar.remove();
    const alt = `${say("web-painting-of")}: ${titleOf(job.style)}`;
    this.pictures.replaceChildren(
      ...job.pictures.map((url, n) => {
        // If a photo was left out of an album, the indexes do not match: compare none.
        const photo = job.pictures.length === this.urls.length ? this.urls[n] : null;
        const frame = compare(photo, url, alt, this.waited, () => zoom(url, alt));
        if (job.pictures.length > 1) frame.append(tools(url, n, alt));
        return frame;
      }),
    );
    const asked = job.own_words ? [`“${job.own_words}”`] : [];
    this.notes.textContent = [`${titleOf(job.style)}, ${percent(job.strength)}`, ...asked, ...job.notes].join(" · ");
    this.offer(...this.offers(job, alt));
    // Announce only what finished while the page was open.
    if (this.waited) this.news.textContent = job.words;
    this.onChange();
  }

  offers(job, alt) {
    const like = (strength, seed = job.seed) => ({ style: job.style, strength, seed });
    const many = job.pictures.length > 1;
    const url = job.pictures[0];
    // Each picture of an album carries its own buttons.
    const given = [
      many
        ? make("a", { class: "button", href: job.all, download: true }, say("web-download-all"))
        : make("a", { class: "button", href: `${url}?download`, download: true }, say("web-download")),
      ...(many ? [] : [this.button("web-zoom", () => zoom(url, alt))]),
      ...(canShare() ? [this.button("web-share", () => share(job))] : []),
    ];
    const remove = this.button("web-hide", () => this.hide());
    if (this.photos.length === 0) return [...given, remove];
    const others = this.otherStyles(job);
    const other = this.button("web-other-styles", () => {
      others.hidden = !others.hidden;
      other.setAttribute("aria-expanded", String(!others.hidden));
    });
    other.setAttribute("aria-expanded", "false");
    return [
      ...given,
      this.button("web-again", () => this.wish(like(job.strength, newSeed()))),
      this.button("web-softer", () => this.wish(like(step(job.strength, -STEP))), job.strength <= 0),
      this.button("web-stronger", () => this.wish(like(step(job.strength, STEP))), job.strength >= 1),
      other,
      remove,
      others,
      ...(takesWords ? [this.changeBox(like(job.strength))] : []),
    ];
  }

  /** What is written here is added to the words so far, and the same photo is painted again. */
  changeBox(wish) {
    const input = make("input", { type: "text", maxlength: 200, "aria-label": say("web-change"),
      placeholder: say("web-change-example") });
    const box = make("form", { class: "change" }, input,
      make("button", { class: "button quiet", type: "submit" }, say("web-change")));
    box.onsubmit = (event) => {
      event.preventDefault();
      if (input.value.trim() !== "") this.wish({ ...wish, words: input.value });
    };
    return box;
  }

  otherStyles(job) {
    const pots = styles.filter((style) => style.name !== job.style).map((style) => {
      const wish = { style: style.name, strength: job.strength, seed: job.seed };
      return make("button", { class: "pot", type: "button", onclick: () => this.wish(wish) },
        styleSample(style), style.title);
    });
    return make("div", { class: "others", hidden: true }, ...pots);
  }

  /** Request another painting; a refusal is shown in this request, where the visitor looks. */
  async wish(wish) {
    const before = this.words.textContent;
    const focused = document.activeElement;
    this.doings.inert = true;
    // The bot adds the words of this work, so that they are kept whatever else is changed.
    await this.onWish(this.photos, { ...wish, after: this.id }, (words) => this.tell(words || before));
    this.doings.inert = false;
    if (document.activeElement === document.body) focused?.focus({ preventScroll: true });
  }

  async cancel() {
    await fetch(`/jobs/${this.id}`, { method: "DELETE" }).catch(() => null);
  }

  end(kind, words, job = null) {
    this.element.className = `work ${kind}`;
    this.bar.remove();
    this.tell(words);
    if (this.waited) this.news.textContent = words;
    const again = job !== null && this.photos.length > 0
      ? [this.button("web-retry", () => this.wish({ style: job.style, strength: job.strength, seed: job.seed }))]
      : [];
    this.offer(...again, this.button("web-hide", () => this.hide()));
    this.onChange();
  }

  async hide() {
    await localJobs.drop(this.id);
    const next = this.element.nextElementSibling ?? this.element.previousElementSibling;
    this.element.remove();
    this.onChange();
    (next ?? document.getElementById("photo")).focus({ preventScroll: true });
  }

  button(key, onclick, disabled = false) {
    return make("button", { class: "button quiet", type: "button", onclick, disabled }, say(key));
  }
}

function tools(url, n, alt) {
  const named = (key) => ({ "aria-label": `${say(key)} ${n + 1}`, title: say(key) });
  return make("span", { class: "tools" },
    make("button", { type: "button", onclick: () => zoom(url, alt), ...named("web-zoom") }, "+"),
    make("a", { href: `${url}?download`, download: true, ...named("web-download") }, "↓"));
}

const step = (strength, by) => Math.min(1, Math.max(0, Math.round((strength + by) * 100) / 100));
const newSeed = () => crypto.getRandomValues(new Uint32Array(1))[0] >>> 1;
const percent = (share) => share.toLocaleString(document.documentElement.lang, { style: "percent" });

const canShare = () => navigator.canShare?.({ files: [new File([""], "a.jpg", { type: "image/jpeg" })] }) ?? false;

async function share(job) {
  const files = await Promise.all(job.pictures.map(async (url, n) =>
    new File([await (await fetch(url)).blob()], `suisai-${n + 1}.jpg`, { type: "image/jpeg" })));
  // Closing the browser's share dialog rejects the promise; that is no error.
  await navigator.share({ files }).catch(() => null);
}
