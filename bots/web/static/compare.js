// Photo and painting in one frame, with a line between them that can be dragged or moved by keys.

import { make, say } from "./facts.js";

/** Let a frame be as high as the window can show and as wide as its picture then is. */
export function fit(frame, image) {
  frame.style.setProperty("--ratio", image.naturalWidth / image.naturalHeight);
}

export function compare(photoUrl, pictureUrl, alt, fresh) {
  const picture = make("img", { class: "after", src: pictureUrl, alt });
  const frame = make("div", { class: `picture${fresh ? " fresh" : ""}` }, picture);
  picture.onload = () => fit(frame, picture);
  if (photoUrl === null) return frame;
  const photo = make("img", { class: "before", src: photoUrl, alt: "", "aria-hidden": "true" });
  // Browsers cannot show every photo that the bot can open; then the painting stands alone.
  photo.onload = () => addSlider(frame, photo);
  return frame;
}

function addSlider(frame, photo) {
  const before = make("span", { class: "tag left", "aria-hidden": "true" }, say("web-before"));
  const after = make("span", { class: "tag right", "aria-hidden": "true" }, say("web-after"));
  const slider = make("input", {
    type: "range", min: 0, max: 100, step: 1, value: 0, "aria-label": say("web-compare"),
  });
  slider.oninput = () => {
    frame.style.setProperty("--at", `${slider.value}%`);
    before.classList.toggle("gone", slider.value < 12);
    after.classList.toggle("gone", slider.value > 88);
  };
  frame.classList.add("compare");
  frame.prepend(photo);
  frame.append(make("span", { class: "rule" }), before, after, slider);
  slider.value = 50;
  slider.oninput();
}
