// One answer as it comes, and what is told of it when it is there.
import { announce, button, count, duration, element } from './dom.js';
import { render } from './markdown.js';
import { SNIPPETS } from './snippets.js';

const STAGES = {
  admission: 'taking it in',
  download: 'downloading',
  queue: 'waiting',
  decode: 'decoding pictures',
  resize: 'fitting pictures',
  encode: 'encoding pictures',
  prompt: 'computing the prompt',
  decoding: 'writing',
};

/** The view of an answer that is being written. */
export class AnswerView {
  /** @param request as [SNIPPETS] take it */
  constructor(request) {
    this.text = '';
    this.thinking = '';
    this.dirty = false;
    this.state = element('p', { class: 'state' }, 'The question is sent.');
    this.thought = element('div', { class: 'markdown' });
    this.fold = element('details', { class: 'thinking', hidden: true }, element('summary', {}, 'Thinking'), this.thought);
    this.body = element('div', { class: 'markdown' });
    this.foot = element('footer');
    this.root = element(
      'article',
      { class: 'message answer', 'aria-busy': 'true', 'aria-label': 'Answer' },
      element('h2', {}, 'Answer'),
      this.fold,
      this.body,
      this.state,
      this.foot,
    );
    this.request = request;
  }

  /** Takes a chunk of the stream. */
  take(piece) {
    if (piece.progress) {
      const { images_encoded: encoded, images_total: total } = piece.progress;
      this.state.textContent = `Pictures: ${count(encoded)} of ${count(total)} are encoded.`;
    }
    this.usage = piece.usage ?? this.usage;
    this.timings = piece.timings ?? this.timings;
    this.images = piece.images ?? this.images;
    this.videos = piece.videos ?? this.videos;
    const choice = piece.choices[0];
    if (!choice) {
      return;
    }
    this.finishReason = choice.finish_reason ?? this.finishReason;
    const { content, reasoning_content: reasoning } = choice.delta;
    if (reasoning) {
      this.thinking += reasoning;
      this.fold.hidden = false;
      this.state.textContent = 'The model is thinking.';
    }
    if (content) {
      this.text += content;
      this.state.textContent = 'The model is writing.';
    }
    this.showSoon();
  }

  /** Texts are laid out once a frame at most, however fast they come. */
  showSoon() {
    if (!this.dirty) {
      this.dirty = true;
      requestAnimationFrame(() => this.show());
    }
  }

  show() {
    this.dirty = false;
    this.body.replaceChildren(render(this.text));
    if (this.thinking) {
      this.thought.replaceChildren(render(this.thinking));
    }
  }

  /** The answer is complete. */
  complete() {
    const cut = this.finishReason === 'length' ? 'It was cut off: more tokens were not allowed (“Most tokens” in Settings).' : '';
    this.end(this.text === '' ? `${cut} There is no answer, so the conversation goes on without this question.`.trim() : cut);
    announce(`Answer: ${this.body.textContent} ${this.state.textContent}`);
  }

  /** People did not want more of it. */
  stopped(onServer) {
    this.end(onServer ? 'Stopped, on the server too.' : 'Stopped; the connection was closed.');
    announce('The answer was stopped.');
  }

  /** Something went wrong before its end. */
  fail(fault, retry) {
    this.end('');
    this.foot.before(faultView(fault, retry));
    announce(`That did not work. ${fault.message} ${fault.wayOut}`);
  }

  end(state) {
    this.show();
    this.root.setAttribute('aria-busy', 'false');
    this.state.textContent = state;
    this.state.hidden = state === '';
    const folds = element('div', { class: 'folds' }, this.times(), this.seen(), this.snippets());
    this.foot.replaceChildren(...[this.figures(), folds].filter(Boolean));
  }

  figures() {
    if (!this.usage) {
      return null;
    }
    const { prompt_tokens: prompt, completion_tokens: written, prompt_tokens_details: details, completion_tokens_details: more } = this.usage;
    const media = [
      details.image_tokens ? `${count(details.image_tokens)} of pictures` : '',
      details.video_tokens ? `${count(details.video_tokens)} of videos` : '',
    ].filter(Boolean);
    const rows = [
      ['Prompt', `${count(prompt)} tokens${media.length > 0 ? `, ${media.join(', ')}` : ''}`],
      ['From the cache', `${count(details.cached_tokens)} tokens (${Math.round((100 * details.cached_tokens) / prompt)} %)`],
      ['Answer', `${count(written)} tokens${more.reasoning_tokens ? `, ${count(more.reasoning_tokens)} of thinking` : ''}`],
    ];
    const seconds = this.timings?.stage_seconds.decoding;
    if (seconds > 0 && written > 1) {
      rows.push(['Speed', `${count(Number((written / seconds).toPrecision(3)))} tokens a second`]);
    }
    if (this.timings?.first_token_seconds) {
      rows.push(['First token', `after ${duration(this.timings.first_token_seconds)}`]);
    }
    return element('dl', { class: 'figures' }, ...rows.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))));
  }

  times() {
    if (!this.timings) {
      return null;
    }
    const stages = Object.entries(this.timings.stage_seconds);
    const longest = Math.max(...stages.map(([, seconds]) => seconds), 1e-9);
    const rows = stages.map(([stage, seconds]) => {
      const bar = element('div', { class: 'bar' });
      bar.style.width = `${(100 * seconds) / longest}%`;
      return element(
        'tr',
        {},
        element('th', { scope: 'row' }, STAGES[stage] ?? stage),
        element('td', { class: 'number' }, duration(seconds)),
        element('td', { class: 'bars', 'aria-hidden': 'true' }, bar),
      );
    });
    return element(
      'details',
      { class: 'times' },
      element('summary', {}, `Time: ${duration(this.timings.total_seconds)}`),
      element(
        'table',
        {},
        element('thead', { class: 'hidden' }, element('tr', {}, element('th', { scope: 'col' }, 'Stage'), element('th', { scope: 'col' }, 'Time'), element('td', { 'aria-hidden': 'true' }))),
        element('tbody', {}, ...rows),
      ),
    );
  }

  seen() {
    const seen = [
      ...(this.images ?? []).map((image) => `A picture of ${count(image.width)} × ${count(image.height)} pixels, ${count(image.tokens)} tokens`),
      ...(this.videos ?? []).map((video) => `A video of ${count(video.seconds.length)} frames of ${count(video.width)} × ${count(video.height)} pixels, ${count(video.tokens)} tokens`),
    ];
    return seen.length === 0
      ? null
      : element('details', {}, element('summary', {}, 'What the model saw'), element('ul', {}, ...seen.map((text) => element('li', {}, text))));
  }

  snippets() {
    const code = element('code');
    const block = element('pre', { tabindex: 0, role: 'region', 'aria-label': 'The request' }, code);
    const choices = SNIPPETS.map(({ name, write }, index) =>
      button(name, (event) => choose(event.currentTarget, write), { 'aria-pressed': String(index === 0) }),
    );
    const choose = (chosen, write) => {
      choices.forEach((choice) => choice.setAttribute('aria-pressed', String(choice === chosen)));
      code.textContent = write(this.request);
    };
    const copy = button('Copy', async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        announce('The request is copied.');
        copy.textContent = 'Copied';
      } catch {
        // browsers let pages of other machines copy by TLS alone: people can copy what is selected
        getSelection().selectAllChildren(code);
        announce('The request is selected; copy it with the keyboard.');
      }
    });
    code.textContent = SNIPPETS[0].write(this.request);
    return element(
      'details',
      { class: 'snippets' },
      element('summary', {}, 'The request'),
      element('div', { class: 'row', role: 'group', 'aria-label': 'Language' }, ...choices, copy),
      block,
    );
  }
}

/** What went wrong, and what can be done about it. */
export function faultView(fault, retry) {
  const about = [fault.code, fault.param ? `in ${fault.param}` : '', fault.requestId ? `request ${fault.requestId}` : ''].filter(Boolean);
  return element(
    'div',
    { class: 'fault', role: 'alert' },
    element('p', { class: 'what' }, fault.message),
    element('p', {}, fault.wayOut ?? ''),
    about.length > 0 ? element('p', { class: 'about' }, about.join(' · ')) : null,
    retry ? button('Try again', retry) : null,
  );
}
