// Elements are made here and nowhere else, out of names and texts: a text never becomes markup.

/**
 * Makes an element. Attributes that are functions become listeners (`onclick`), `true` sets an attribute without a
 * value, and `false`, `null` and `undefined` leave it out. Children are nodes or texts.
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      made.addEventListener(key.slice(2), value);
    } else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(key, value === true ? '' : String(value));
    }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** The element of the page with this id. */
export function byId(id) {
  return document.getElementById(id);
}

/** A button with a name for people and programs. */
export function button(label, onclick, attributes = {}) {
  return element('button', { type: 'button', onclick, ...attributes }, label);
}

/** Tells people who do not see the page what has happened. */
export function announce(text) {
  byId('announcement').textContent = text;
}

const plainNumbers = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });

export function count(value) {
  return plainNumbers.format(value);
}

export function percent(part, all) {
  return all > 0 ? `${plainNumbers.format(Math.round((1000 * part) / all) / 10)} %` : 'none yet';
}

/** A time in the unit that people would use. */
export function duration(seconds) {
  if (seconds < 0.001) {
    return `${Math.round(seconds * 1e6)} µs`;
  }
  if (seconds < 1) {
    return `${plainNumbers.format(Number((seconds * 1000).toPrecision(3)))} ms`;
  }
  return `${plainNumbers.format(Number(seconds.toPrecision(3)))} s`;
}

/** A size in the unit that people would use. */
export function bytes(size) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = size;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${plainNumbers.format(Number(value.toPrecision(3)))} ${units[unit]}`;
}
