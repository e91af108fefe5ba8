// How the model is asked: what the form beside the conversation says. It is kept in this browser; nothing of it is secret.
import { byId } from './dom.js';

const KEPT = 'moonglass.settings';
const FIELDS = ['system', 'temperature', 'max-tokens', 'effort', 'max-pixels', 'max-frames', 'pages'];

/** Fills the form with what was said before, and keeps what is said from now on. */
export function openSettings() {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    // what cannot be read is as good as nothing
  }
  for (const field of FIELDS) {
    if (typeof kept[field] === 'string') {
      byId(field).value = kept[field];
    }
    byId(field).addEventListener('change', keep);
  }
}

function keep() {
  localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(FIELDS.map((field) => [field, byId(field).value]))));
}

/** What is said now; null for what is left to the server. */
export function settings() {
  return {
    model: byId('model').value || null,
    system: byId('system').value.trim() || null,
    temperature: numberIn('temperature'),
    maxTokens: numberIn('max-tokens'),
    effort: byId('effort').value || null,
    maxPixels: numberIn('max-pixels'),
    maxFrames: numberIn('max-frames'),
    pages: byId('pages').value.trim() || null,
  };
}

/** The first field whose value cannot be; null if all can. */
export function wrongField() {
  return FIELDS.map(byId).find((field) => !field.checkValidity()) ?? null;
}

function numberIn(field) {
  const value = byId(field).valueAsNumber;
  return Number.isFinite(value) ? value : null;
}
