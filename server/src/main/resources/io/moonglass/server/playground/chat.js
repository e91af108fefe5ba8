// The conversation: what was said, what is asked next, and the answer that is on its way.
import { RequestFault, address, apiKey, ask, cancel, newRequestId } from './api.js';
import { AnswerView, faultView } from './answer.js';
import { Tray } from './attachments.js';
import { Camera } from './camera.js';
import { announce, byId, element } from './dom.js';
import { settings, wrongField } from './settings.js';
import { hole } from './snippets.js';

/** How long a cancelled answer may take to end by itself. */
const STOPPING_MILLIS = 3000;
/** Whoever has scrolled further up than this is reading, and is left there. */
const END_PIXELS = 80;

/** The chat. */
export class Chat {
  /** @param onFault is told what went wrong with an answer */
  constructor(onFault) {
    this.onFault = onFault;
    this.atEnd = true;
    this.turns = [];
    this.running = null;
    this.log = byId('log');
    this.tray = new Tray((message, wayOut) => this.complain(message, wayOut));
    this.camera = new Camera((files) => this.tray.add(files), (message, wayOut) => this.complain(message, wayOut));
    this.listen();
  }

  listen() {
    byId('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.send();
    });
    byId('question').addEventListener('keydown', (event) => {
      // while an input method composes a word, Enter belongs to it
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.send();
      }
    });
    byId('question').addEventListener('paste', (event) => {
      if (event.clipboardData.files.length > 0) {
        event.preventDefault();
        this.tray.add([...event.clipboardData.files]);
      }
    });
    byId('attach').addEventListener('click', () => byId('files').click());
    byId('files').addEventListener('change', (event) => {
      this.tray.add([...event.target.files]);
      event.target.value = '';
    });
    byId('photograph').addEventListener('click', () => this.camera.open());
    byId('stop').addEventListener('click', () => this.stop());
    byId('clear').addEventListener('click', () => this.clear());
    // on short screens it is the whole page that scrolls
    for (const place of [byId('scroll'), document]) {
      place.addEventListener('scroll', () => {
        this.atEnd = this.log.getBoundingClientRect().bottom - this.screenEnd() < END_PIXELS;
      });
    }
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.running && !document.querySelector('dialog[open]')) {
        this.stop();
      }
    });
    this.listenForDrops();
  }

  listenForDrops() {
    let depth = 0;
    const mark = (inside) => document.body.classList.toggle('dropping', inside);
    const holdsFiles = (event) => event.dataTransfer?.types.includes('Files');
    document.addEventListener('dragenter', (event) => {
      if (holdsFiles(event)) {
        depth++;
        mark(true);
      }
    });
    document.addEventListener('dragleave', () => {
      depth = Math.max(0, depth - 1);
      mark(depth > 0);
    });
    document.addEventListener('dragover', (event) => {
      if (holdsFiles(event)) {
        event.preventDefault();
      }
    });
    document.addEventListener('drop', (event) => {
      depth = 0;
      mark(false);
      if (holdsFiles(event)) {
        event.preventDefault();
        this.tray.add([...event.dataTransfer.files]);
        byId('question').focus();
      }
    });
  }

  /** Asks what was typed. */
  async send() {
    const field = byId('question');
    const text = field.value.trim();
    if (this.running) {
      return;
    }
    const wrong = wrongField();
    if (wrong) {
      byId('settings').open = true;
      wrong.reportValidity();
      return;
    }
    if (text === '' && this.tray.attachments.length === 0) {
      field.focus();
      announce('Write a question first.');
      return;
    }
    const turn = { role: 'user', text, attachments: this.tray.take() };
    this.turns.push(turn);
    field.value = '';
    byId('welcome').hidden = true;
    turn.view = questionView(turn);
    this.log.append(turn.view);
    await this.answer();
  }

  /** Has the conversation answered as it stands. */
  async answer() {
    const said = settings();
    const requestId = newRequestId();
    const abort = new AbortController();
    const question = this.turns.at(-1);
    const view = new AnswerView(this.shown(said));
    let end;
    const ended = new Promise((resolve) => {
      end = resolve;
    });
    this.running = { requestId, abort, ended, stopping: null };
    const running = this.running;
    this.log.append(view.root);
    this.atEnd = true;
    this.follow(view.root);
    this.showRunning();
    announce('The question is sent.');
    try {
      for (const attachment of this.turns.flatMap((turn) => turn.attachments ?? [])) {
        await attachment.prepare(abort.signal);
      }
      await ask(this.body(said), requestId, abort.signal, (piece) => {
        view.take(piece);
        this.follow(view.root);
      });
      view.complete();
    } catch (fault) {
      if (running.stopping) {
        view.stopped(await running.stopping); // the answer may end before the server has said so
      } else {
        this.fail(view, question, fault);
      }
    } finally {
      this.running = null;
      this.remember(view, question);
      this.follow(view.root);
      this.showRunning();
      end();
    }
  }

  fail(view, question, fault) {
    const told = fault instanceof RequestFault ? fault : new RequestFault(fault.message);
    view.failed = true;
    view.fail(told, () => {
      if (!this.running) {
        view.root.remove();
        this.log.append(question.view); // others may have been asked since
        this.turns.push(question);
        this.answer();
      }
    });
    if (told.code === 'file_not_found') {
      question.attachments.concat(this.turns.flatMap((turn) => turn.attachments ?? [])).forEach((attachment) => attachment.forget());
    }
    this.onFault(told);
  }

  /** What was answered belongs to the conversation; a question without an answer does not. */
  remember(view, question) {
    if (this.turns.at(-1) !== question) {
      return; // the conversation was cleared
    }
    if (view.text !== '' && !view.failed) {
      this.turns.push({ role: 'assistant', text: view.text });
    } else {
      this.turns.pop();
    }
  }

  /** Ends the answer on the server. */
  async stop() {
    const running = this.running;
    if (!running || running.stopping) {
      return;
    }
    running.stopping = cancel(running.requestId);
    byId('stop').disabled = true;
    if (await running.stopping) {
      setTimeout(() => running.abort.abort(), STOPPING_MILLIS);
    } else {
      running.abort.abort(); // it has not come to the server yet, whom the closed connection tells then
    }
  }

  async clear() {
    const running = this.running;
    await this.stop();
    running?.abort.abort();
    await running?.ended;
    this.turns.flatMap((turn) => turn.attachments ?? []).forEach((attachment) => attachment.dispose());
    this.turns = [];
    this.log.replaceChildren(byId('welcome'));
    byId('welcome').hidden = false;
    focusQuestion();
    announce('The conversation is cleared.');
  }

  /** What is sent. */
  body(said) {
    return this.bodyOf(said, (attachment) => attachment.part(said));
  }

  /** What is shown of it: files are named in it, and not contained. */
  shown(said) {
    const files = [];
    const body = this.bodyOf(said, (attachment) => {
      files.push({ name: attachment.name, type: attachment.file.type || 'application/octet-stream' });
      return attachment.part(said, hole(files.length - 1));
    });
    return { body, files, server: address('./'), keyed: apiKey() !== '' };
  }

  bodyOf(said, partOf) {
    const system = said.system ? [{ role: 'system', content: said.system }] : [];
    const messages = this.turns.map(({ role, text, attachments = [] }) => ({
      role,
      content:
        attachments.length === 0 ? text : [...attachments.map(partOf), ...(text === '' ? [] : [{ type: 'text', text }])],
    }));
    return {
      ...(said.model ? { model: said.model } : {}),
      messages: [...system, ...messages],
      ...(said.temperature === null ? {} : { temperature: said.temperature }),
      ...(said.maxTokens === null ? {} : { max_tokens: said.maxTokens }),
      ...(said.maxPixels === null ? {} : { max_pixels: said.maxPixels }),
      ...(said.effort ? { reasoning_effort: said.effort } : {}),
      stream: true,
      stream_options: { include_usage: true, include_progress: true, include_timings: true },
    };
  }

  /** Keeps the end in sight, unless people have scrolled away from it. */
  follow(view) {
    if (this.atEnd) {
      requestAnimationFrame(() => view.scrollIntoView({ block: 'end' }));
    }
  }

  /** Where what can be seen of the conversation ends. */
  screenEnd() {
    return Math.min(byId('scroll').getBoundingClientRect().bottom, innerHeight);
  }

  /** Where the button was that goes, focus goes on; whoever is elsewhere stays there. */
  showRunning() {
    const isRunning = this.running !== null;
    const isLeft = [document.body, byId(isRunning ? 'send' : 'stop')].includes(document.activeElement);
    byId('send').hidden = isRunning;
    byId('stop').hidden = !isRunning;
    byId('stop').disabled = false;
    if (isLeft && isRunning) {
      byId('stop').focus({ preventScroll: true });
    } else if (isLeft) {
      focusQuestion();
    }
  }

  complain(message, wayOut) {
    const view = faultView({ message, wayOut }, null);
    byId('complaints').replaceChildren(view);
    setTimeout(() => view.remove(), 12_000);
  }
}

/** On a telephone this would open the keyboard. */
export function focusQuestion() {
  if (matchMedia('(hover: hover)').matches) {
    byId('question').focus({ preventScroll: true });
  }
}

function questionView({ text, attachments }) {
  return element(
    'article',
    { class: 'message question', 'aria-label': 'Question' },
    element('h2', {}, 'Question'),
    attachments.length > 0 ? element('div', { class: 'media' }, ...attachments.map((attachment) => attachment.view())) : null,
    text === '' ? null : element('p', { class: 'said' }, text),
  );
}
