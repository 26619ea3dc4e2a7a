// Photo and painting in one frame, with a line between them that moves by dragging or by keys.

import { make, say } from "./facts.js";

const DRAG_PX = 6;

/** Limit a frame's height to the window's, keeping the ratio of its picture. */
export function fit(frame, image) {
  frame.style.setProperty("--ratio", image.naturalWidth / image.naturalHeight);
}

/** Return a frame that shows the photo left of the line and the painting right of it; `onClick` is called for clicks without a drag. */
export function compare(photoUrl, pictureUrl, alt, fresh, onClick) {
  // The painting is the topmost element, so that the browser's menu can copy and save it.
  const picture = make("img", { class: "after", src: pictureUrl, alt });
  const frame = make("div", { class: `picture${fresh ? " fresh" : ""}` }, picture);
  picture.onload = () => fit(frame, picture);
  picture.onclick = onClick;
  if (photoUrl === null) return frame;
  const photo = make("img", { class: "before", src: photoUrl, alt: "", "aria-hidden": "true" });
  // Browsers cannot show every photo that the bot can open; then only the painting is shown.
  photo.onload = () => addSlider(frame, photo, picture, onClick);
  return frame;
}

function addSlider(frame, photo, picture, onClick) {
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
  frame.append(photo, make("span", { class: "rule" }), before, after, slider);
  slider.value = 50;
  slider.oninput();
  picture.draggable = false;
  dragged(frame, picture, slider, onClick);
}

/** Move the line with a pointer; keys and screen readers use the range input below it. */
function dragged(frame, picture, slider, onClick) {
  let from = null;
  let moved = false;
  const follow = (event) => {
    const box = frame.getBoundingClientRect();
    slider.value = ((event.clientX - box.left) / box.width) * 100;
    slider.oninput();
  };
  picture.onpointerdown = (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    from = event.clientX;
    moved = false;
  };
  picture.onpointermove = (event) => {
    if (from === null || (!moved && Math.abs(event.clientX - from) < DRAG_PX)) return;
    if (!moved) picture.setPointerCapture(event.pointerId);
    moved = true;
    follow(event);
  };
  picture.onpointerup = picture.onpointercancel = () => (from = null);
  picture.onclick = (event) => {
    if (moved) moved = false;
    else onClick(event);
  };
}
