// Shows a painting in a dialog: first fitted to the window, after a click at its full size.

import { make, say } from "./facts.js";

export function zoom(url, alt) {
  const image = make("img", { src: url, alt });
  const close = make("button", { class: "button", type: "button" }, say("web-close"));
  const dialog = make("dialog", { class: "zoom", "aria-label": alt },
    make("div", { class: "zoom-picture", tabindex: 0 }, image), close);
  const opener = document.activeElement;
  close.onclick = () => dialog.close();
  image.onclick = () => dialog.classList.toggle("full");
  dialog.onclose = () => {
    dialog.remove();
    opener?.focus({ preventScroll: true });
  };
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
}
