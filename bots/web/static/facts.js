// Data that the server put into the page: phrases in the visitor's language, styles, limits.

const facts = JSON.parse(document.getElementById("facts").textContent);

export const styles = facts.styles;
export const photosMax = facts.photos_max;
export const takesWords = facts.takes_words;
export const photoBytesMax = facts.photo_mb_max * 1_000_000;

export const say = (key) => facts.words[key];

export const titleOf = (name) => styles.find((style) => style.name === name)?.title ?? name;

/** Make an element: make("button", {class: "link", onclick: ...}, "words", child). */
export function make(tag, traits = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(traits)) {
    if (typeof value === "function") element[name] = value;
    else if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** Return a swatch of a style's colours. */
export function swatch(style) {
  const element = make("span", { class: "swatch", "aria-hidden": "true" });
  style.colours.forEach((colour, n) => element.style.setProperty(`--c${n}`, colour));
  return element;
}

/** Return a small painting in this style, or a swatch of its colours if there is none. */
export function styleSample(style) {
  if (style.sample === null) return swatch(style);
  return make("img", { class: "sample", src: style.sample, alt: "", loading: "lazy", width: 96, height: 72 });
}
