// Stores the ids of the visitor's jobs and their photos in this browser, so that photos can be
// compared and painted again after the server has deleted them.

const JOBS = "suisai-jobs";
const JOBS_MAX = 30;

export const jobs = () => JSON.parse(localStorage.getItem(JOBS) ?? "[]");

export async function put(id, photos) {
  const ids = [id, ...jobs().filter((other) => other !== id)];
  localStorage.setItem(JOBS, JSON.stringify(ids.slice(0, JOBS_MAX)));
  await Promise.all(ids.slice(JOBS_MAX).map((old) => inStore("readwrite", (store) => store.delete(old))));
  await inStore("readwrite", (store) => store.put(photos, id));
}

export const photosOf = async (id) => (await inStore("readonly", (store) => store.get(id))) ?? [];

export async function drop(id) {
  localStorage.setItem(JOBS, JSON.stringify(jobs().filter((other) => other !== id)));
  await inStore("readwrite", (store) => store.delete(id));
}

export async function clear() {
  localStorage.removeItem(JOBS);
  await inStore("readwrite", (store) => store.clear());
}

/** Run one operation on the photo store; undefined where the browser has none (private windows). */
async function inStore(mode, work) {
  try {
    const base = await wait(open());
    const done = await wait(work(base.transaction("photos", mode).objectStore("photos")));
    base.close();
    return done;
  } catch {
    return undefined;
  }
}

function open() {
  const request = indexedDB.open("suisai", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("photos");
  return request;
}

const wait = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
