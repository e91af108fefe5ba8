// Reads figures in Prometheus' text format, as the server tells them.

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** All figures of one moment. */
export class Figures {
  constructor(text, time) {
    this.time = time;
    this.samples = new Map();
    for (const line of text.split('\n')) {
      const match = line.startsWith('#') ? null : LINE.exec(line);
      if (match) {
        const [, name, labels, value] = match;
        const samples = this.samples.get(name) ?? [];
        samples.push({ labels: labelsOf(labels ?? ''), value: numberOf(value) });
        this.samples.set(name, samples);
      }
    }
  }

  /** The samples of a name that have these labels. */
  all(name, labels = {}) {
    const wanted = Object.entries(labels);
    return (this.samples.get(name) ?? []).filter((sample) => wanted.every(([key, value]) => sample.labels[key] === value));
  }

  /** Their sum; 0 where there are none. */
  sum(name, labels = {}) {
    return this.all(name, labels).reduce((sum, sample) => sum + sample.value, 0);
  }

  has(name) {
    return this.samples.has(name);
  }

  /** The values that a label has, in the order in which they come. */
  values(name, label) {
    return [...new Set(this.all(name).map((sample) => sample.labels[label]))];
  }
}

function labelsOf(text) {
  const labels = {};
  for (const [, key, value] of text.matchAll(LABEL)) {
    labels[key] = value.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character));
  }
  return labels;
}

function numberOf(text) {
  if (text === '+Inf') {
    return Infinity;
  }
  return text === '-Inf' ? -Infinity : Number(text);
}
