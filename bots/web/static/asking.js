// Sends photos to the bot.

import { photoBytesMax, say } from "./facts.js";

const PATIENCE_S = 45;

/** The bot said no; the message is its sentence. */
export class Refused extends Error {
  constructor(words, wait_s = null) {
    super(words);
    this.wait_s = wait_s;
  }
}

/** Ask, and where the bot says that it takes the photos soon, ask once more then. Throws Refused. */
export async function askPatiently(photos, wish, tell) {
  try {
    return await ask(photos, wish);
  } catch (error) {
    if (!(error instanceof Refused) || error.wait_s === null || error.wait_s > PATIENCE_S) throw error;
    tell(`${error.message} ${say("web-then")}`);
    await new Promise((resolve) => setTimeout(resolve, error.wait_s * 1000 + 200));
    return ask(photos, wish);
  }
}

/** Ask for a painting of these photos; returns the job's id. Throws Refused. */
async function ask(photos, wish) {
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

// The same form twice is the same ask: a lost answer costs nothing.
async function sendTwice(form) {
  // The event in the address lets the bot answer before the photos have come.
  const send = () => fetch(`/asks?event=${form.get("event")}`, { method: "POST", body: form });
  try {
    return await send().catch(send);
  } catch {
    throw new Refused(say("web-upload-failed"));
  }
}

// crypto.randomUUID() is missing on plain HTTP from another machine.
const randomName = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
