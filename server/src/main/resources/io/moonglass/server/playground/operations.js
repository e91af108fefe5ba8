// What operators look at: the server's own figures, live, for as long as the view is open.
import { RequestFault, metricsText } from './api.js';
import { byId, bytes, count, duration, element, percent } from './dom.js';
import { Figures } from './metrics.js';

const INTERVAL_MILLIS = 2000;
const WINDOW_MILLIS = 60_000;
const STAGES = ['admission', 'download', 'queue', 'decode', 'resize', 'encode', 'prompt', 'decoding'];
const CELL = 12;
const MOST_CELL = 2.5;
/** A cell of this many times its layer's mean is as strong as cells become. */
const STRONGEST = 3;

/** The operators' view. */
export class Operations {
  constructor() {
    this.past = [];
    this.open = false;
    this.timer = null;
    byId('window').addEventListener('change', () => this.show());
    byId('watched').addEventListener('change', () => this.show());
    document.addEventListener('visibilitychange', () => this.watch());
    byId('heat').addEventListener('pointermove', (event) => this.point(event));
    byId('heat').addEventListener('pointerleave', () => this.tellHottest());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.show());
  }

  /** Begins or ends to ask for figures. */
  setOpen(open) {
    this.open = open;
    this.watch();
  }

  watch() {
    clearTimeout(this.timer);
    if (this.open && !document.hidden) {
      this.look();
    }
  }

  async look() {
    clearTimeout(this.timer);
    try {
      const figures = new Figures(await metricsText(AbortSignal.timeout(10_000)), Date.now());
      this.past = [...this.past.filter((earlier) => goesOn(earlier, figures)), figures];
      this.chooseModel(figures);
      this.explain(null);
      this.show();
    } catch (fault) {
      this.explain(fault);
    }
    if (this.open && !document.hidden) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.look(), INTERVAL_MILLIS);
    }
  }

  /** Why there is nothing to see. */
  explain(fault) {
    byId('figures').hidden = fault !== null && this.past.length === 0;
    const place = byId('no-figures');
    place.hidden = fault === null;
    if (fault === null) {
      place.replaceChildren();
      return;
    }
    const [what, wayOut] = reason(fault);
    if (place.textContent !== what + wayOut) {
      place.replaceChildren(element('p', { class: 'what' }, what), element('p', {}, wayOut));
    }
  }

  chooseModel(figures) {
    const select = byId('watched');
    const names = figures.values('moonglass_steps_total', 'model');
    if (names.join('\n') !== [...select.options].map((option) => option.value).join('\n')) {
      const chosen = select.value;
      select.replaceChildren(...names.map((name) => element('option', { value: name }, name)));
      select.value = names.includes(chosen) ? chosen : (names[0] ?? '');
    }
    byId('watched-field').hidden = names.length < 2;
  }

  show() {
    const now = this.past.at(-1);
    if (!now) {
      return;
    }
    const model = { model: byId('watched').value };
    const since = byId('window').value === 'minute' ? this.past[0] : null;
    const gained = (name, labels = model) => now.sum(name, labels) - (since?.sum(name, labels) ?? 0);
    this.showTable('queue', queue(now, model));
    this.showTable('batch', batch(now, model, gained, this.rate(now, model)));
    this.showTable('caches', caches(now, model, gained));
    this.showStages(now, model, gained);
    this.showExperts(now, model, since);
  }

  /** Tokens a second in the last moments; null before there were two looks. */
  rate(now, model) {
    const before = this.past.at(-6) ?? this.past[0];
    const seconds = (now.time - before.time) / 1000;
    const grown = (name) => (now.sum(name, model) - before.sum(name, model)) / seconds;
    return seconds > 0 ? { written: grown('moonglass_generated_tokens_total'), steps: grown('moonglass_steps_total') } : null;
  }

  showTable(id, rows) {
    fill(
      byId(id),
      rows.map(([name, text, part]) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, name),
          element('td', { class: 'number' }, text, part === undefined ? null : meter(name, part)),
        ),
      ),
    );
  }

  showStages(now, model, gained) {
    const rows = STAGES.map((stage) => {
      const labels = { ...model, stage };
      const requests = gained('moonglass_stage_duration_seconds_count', labels);
      const seconds = gained('moonglass_stage_duration_seconds_sum', labels);
      return { stage, requests, mean: requests > 0 ? seconds / requests : 0, here: now.sum('moonglass_requests_in_stage', labels) };
    });
    const longest = Math.max(...rows.map((row) => row.mean), 1e-9);
    fill(
      byId('stages'),
      rows.map(({ stage, requests, mean, here }) => {
        const bar = element('div', { class: 'bar', hidden: requests === 0 });
        bar.style.width = `${(100 * mean) / longest}%`;
        return element(
          'tr',
          {},
          element('th', { scope: 'row' }, stage),
          element('td', { class: 'number' }, count(here)),
          element('td', { class: 'number' }, count(requests)),
          element('td', { class: 'number' }, requests > 0 ? duration(mean) : '–'),
          element('td', { class: 'bars', 'aria-hidden': 'true' }, bar),
        );
      }),
    );
  }

  showExperts(now, model, since) {
    const name = 'moonglass_expert_tokens_total';
    const samples = now.all(name, model);
    byId('experts').hidden = samples.length === 0;
    byId('no-experts').hidden = samples.length > 0;
    if (samples.length === 0) {
      return;
    }
    const before = new Map((since?.all(name, model) ?? []).map(({ labels, value }) => [`${labels.layer} ${labels.expert}`, value]));
    const layers = [...new Set(samples.map(({ labels }) => Number(labels.layer)))].sort((one, other) => one - other);
    const numExperts = Math.max(...samples.map(({ labels }) => Number(labels.expert))) + 1;
    this.loads = layers.map((layer) => ({ layer, tokens: new Array(numExperts).fill(0) }));
    const rowOf = new Map(layers.map((layer, row) => [layer, row]));
    for (const { labels, value } of samples) {
      const tokens = value - (before.get(`${labels.layer} ${labels.expert}`) ?? 0);
      this.loads[rowOf.get(Number(labels.layer))].tokens[Number(labels.expert)] = tokens;
    }
    for (const load of this.loads) {
      load.sum = load.tokens.reduce((sum, tokens) => sum + tokens, 0);
      load.mean = load.sum / numExperts;
    }
    this.paint(numExperts);
    this.tellHottest();
    this.listExperts();
  }

  /** A row for each layer, a cell for each expert; the darker or brighter, the more of its layer's tokens it got. */
  paint(numExperts) {
    const canvas = byId('heat');
    canvas.width = numExperts * CELL;
    canvas.height = this.loads.length * CELL;
    byId('heat-map').style.maxWidth = `${numExperts * MOST_CELL}rem`;
    byId('first-layer').textContent = `layer ${this.loads[0].layer}`;
    byId('last-layer').textContent = `layer ${this.loads.at(-1).layer}`;
    byId('last-expert').textContent = `expert ${numExperts - 1}`;
    const ink = getComputedStyle(canvas);
    const context = canvas.getContext('2d');
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = ink.getPropertyValue('--heat');
    this.loads.forEach(({ tokens, mean }, row) => {
      tokens.forEach((some, expert) => {
        context.globalAlpha = strength(mean > 0 ? some / mean : 0);
        context.fillRect(expert * CELL, row * CELL, CELL - 1, CELL - 1);
      });
    });
  }

  point(event) {
    const canvas = byId('heat');
    const place = canvas.getBoundingClientRect();
    const load = this.loads?.[Math.floor(((event.clientY - place.top) / place.height) * this.loads.length)];
    const expert = load ? Math.floor(((event.clientX - place.left) / place.width) * load.tokens.length) : -1;
    if (load && expert >= 0 && expert < load.tokens.length) {
      byId('heat-caption').textContent = share(load, expert);
    }
  }

  tellHottest() {
    const busy = (this.loads ?? []).filter((load) => load.sum > 0);
    if (busy.length === 0) {
      byId('heat-caption').textContent = 'No tokens went to any expert in this time.';
      return;
    }
    const [hottest, expert] = busy
      .map((load) => [load, load.tokens.indexOf(Math.max(...load.tokens))])
      .reduce((one, other) => (other[0].tokens[other[1]] / other[0].mean > one[0].tokens[one[1]] / one[0].mean ? other : one));
    byId('heat-caption').textContent = `Most loaded: ${share(hottest, expert)}`;
  }

  /** The same in words and numbers. */
  listExperts() {
    fill(
      byId('expert-rows'),
      this.loads.map((load) => {
        const most = load.tokens.indexOf(Math.max(...load.tokens));
        const idle = load.tokens.filter((tokens) => tokens === 0).length;
        return element(
          'tr',
          {},
          element('th', { scope: 'row' }, String(load.layer)),
          element('td', { class: 'number' }, count(load.sum)),
          element('td', { class: 'number' }, load.sum > 0 ? `${most}` : '–'),
          element('td', { class: 'number' }, load.sum > 0 ? `${count(Number((load.tokens[most] / load.mean).toFixed(2)))} ×` : '–'),
          element('td', { class: 'number' }, count(idle)),
        );
      }),
    );
  }
}

/** Whether figures can be compared with earlier ones: counts begin anew with a server, and with a model that is loaded. */
function goesOn(earlier, figures) {
  const steps = 'moonglass_steps_total';
  return figures.time - earlier.time <= WINDOW_MILLIS && figures.sum(steps) >= earlier.sum(steps);
}

/** How strongly a cell is painted that got so many times its layer's mean. */
function strength(times) {
  return 0.08 + 0.92 * Math.min(1, times / STRONGEST);
}

/** Changes only the rows that differ: people may be reading or selecting the others. */
function fill(body, rows) {
  rows.forEach((row, index) => {
    const old = body.rows[index];
    if (!old) {
      body.append(row);
    } else if (!old.isEqualNode(row)) {
      old.replaceWith(row);
    }
  });
  while (body.rows.length > rows.length) {
    body.rows[rows.length].remove();
  }
}

function share({ layer, tokens, mean }, expert) {
  const times = mean > 0 ? `, ${count(Number((tokens[expert] / mean).toFixed(2)))} times the mean` : '';
  return `layer ${layer}, expert ${expert}: ${count(tokens[expert])} tokens${times}.`;
}

function reason(fault) {
  if (!(fault instanceof RequestFault)) {
    return ['The figures did not come in time.', 'The server may have too much to do; it is asked again every two seconds.'];
  }
  switch (fault.status) {
    case 401: return ['Figures are told to those who have a key.', fault.wayOut];
    case 404:
      return [
        'This server tells its figures on its operations port alone.',
        'Look there (GET /metrics), or leave --operations-port out to have them here.',
      ];
    default: return [fault.message, fault.wayOut];
  }
}

function meter(name, part) {
  return element('meter', { min: 0, max: 1, high: 0.9, optimum: 0, value: part, 'aria-label': name });
}

function queue(now, model) {
  const tokens = now.sum('moonglass_queued_tokens', model);
  const tokensLimit = now.sum('moonglass_queued_tokens_limit', model);
  const pixels = now.sum('moonglass_queued_pixels', model);
  const pixelsLimit = now.sum('moonglass_queued_pixels_limit', model);
  return [
    ['Requests waiting', count(now.sum('moonglass_requests_waiting', model))],
    ['Prompt tokens waiting', `${count(tokens)} of ${count(tokensLimit)}`, tokensLimit > 0 ? tokens / tokensLimit : 0],
    ['Pixels waiting', `${count(pixels)} of ${count(pixelsLimit)}`, pixelsLimit > 0 ? pixels / pixelsLimit : 0],
    ['Media in work', count(now.sum('moonglass_media_pending', model))],
    ['Refused so far', count(now.sum('moonglass_refusals_total'))],
  ];
}

function batch(now, model, gained, rate) {
  const running = now.sum('moonglass_sequences_running', model);
  const slots = now.sum('moonglass_slots', model);
  const steps = gained('moonglass_step_duration_seconds_count');
  const drafted = gained('moonglass_drafted_tokens_total');
  return [
    ['Answers being written', `${count(running)} of ${count(slots)}`, slots > 0 ? running / slots : 0],
    ['Answers waiting for a place', count(now.sum('moonglass_sequences_waiting', model))],
    ['Tokens a second', rate ? count(Number(rate.written.toFixed(1))) : '–'],
    ['Steps a second', rate ? count(Number(rate.steps.toFixed(1))) : '–'],
    ['Mean step', steps > 0 ? duration(gained('moonglass_step_duration_seconds_sum') / steps) : '–'],
    ['Guesses that were right', percent(gained('moonglass_accepted_tokens_total'), drafted)],
    ['Preempted', count(gained('moonglass_preemptions_total'))],
  ];
}

function caches(now, model, gained) {
  const blocks = now.sum('moonglass_kv_blocks', model);
  const used = now.sum('moonglass_kv_blocks_in_use', model);
  return [
    ['Key and value blocks in use', `${count(used)} of ${count(blocks)}`, blocks > 0 ? used / blocks : 0],
    ['Blocks kept for later prompts', count(now.sum('moonglass_kv_blocks_kept', model))],
    ['Memory of keys and values', bytes(now.sum('moonglass_kv_cache_bytes', model))],
    ['Prompt tokens from the cache', percent(gained('moonglass_prefix_cache_hit_tokens_total'), gained('moonglass_prefix_cache_queried_tokens_total'))],
    ['Pictures from the cache', percent(gained('moonglass_encoder_cache_hits_total'), gained('moonglass_encoder_cache_queries_total'))],
    ['Memory of encoded pictures', bytes(now.sum('moonglass_encoder_cache_bytes', model))],
  ];
}
