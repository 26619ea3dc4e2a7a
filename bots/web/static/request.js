// Uploads photos and requests their paintings.

import { photoBytesMax, say } from "./facts.js";

const PATIENCE_S = 45;

/** The bot refused the request; the message is its sentence for the visitor. */
export class Refused extends Error {
  constructor(words, wait_s = null) {
    super(words);
    this.wait_s = wait_s;
  }
}

/** Request a painting; if the bot names a short wait, wait and retry once. Throws Refused. */
export async function requestPainting(photos, wish, tell) {
  try {
    return await send(photos, wish);
  } catch (error) {
    if (!(error instanceof Refused) || error.wait_s === null || error.wait_s > PATIENCE_S) throw error;
    tell(`${error.message} ${say("web-then")}`);
    await new Promise((resolve) => setTimeout(resolve, error.wait_s * 1000 + 200));
    return send(photos, wish);
  }
}

/** Request a painting of these photos; returns the job's id. Throws Refused. */
async function send(photos, wish) {
  if (photos.some((photo) => photo.size > photoBytesMax)) throw new Refused(say("web-too-heavy"));
  const form = new FormData();
  form.set("event", randomName());
  for (const [name, value] of Object.entries(wish)) if (value !== null) form.set(name, value);
  for (const photo of photos) form.append("photo", photo, "photo");
  const response = await sendTwice(form);
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(body.words ?? say("web-upload-failed"), body.wait_s);
  return body.id;
}

// The event id makes a repeated form the same request, so a lost response can be retried.
async function sendTwice(form) {
  // The event in the URL lets the bot answer before the photos have been uploaded.
  const send = () => fetch(`/asks?event=${form.get("event")}`, { method: "POST", body: form });
  try {
    return await send().catch(send);
  } catch {
    throw new Refused(say("web-upload-failed"));
  }
}

// crypto.randomUUID() is undefined on plain HTTP from another machine.
const randomName = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
