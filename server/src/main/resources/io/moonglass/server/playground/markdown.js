// Markdown as models write it, made into elements. What is no Markdown here stays the text that it is: no HTML is read,
// no picture is fetched, and a link goes only where people can see that it does.
import { element } from './dom.js';

const MAX_DEPTH = 8;
/** Wider ones stay text: every row has as many cells as the head. */
const MAX_COLUMNS = 64;
const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*)$/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(?: +|$)/;
const QUOTE = /^ {0,3}> ?/;
const TABLE_RULE = /^ {0,3}\|?(?:[ \t]*:?-+:?[ \t]*\|)+(?:[ \t]*:?-+:?[ \t]*)?$/;

/** The elements of a whole text. */
export function render(text) {
  const made = document.createDocumentFragment();
  made.append(...blocks(text.replaceAll('\r\n', '\n').split('\n'), 0));
  return made;
}

function blocks(lines, depth) {
  const made = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    if (line.trim() === '') {
      at++;
      continue;
    }
    const block = depth > MAX_DEPTH ? null : structure(lines, at, depth);
    if (block) {
      made.push(block.node);
      at = block.next;
      continue;
    }
    const from = at++;
    while (at < lines.length && lines[at].trim() !== '' && (depth > MAX_DEPTH || !beginsBlock(lines, at))) {
      at++;
    }
    made.push(element('p', {}, ...inline(lines.slice(from, at).join('\n'))));
  }
  return made;
}

function beginsBlock(lines, at) {
  const line = lines[at];
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || ITEM.test(line) || QUOTE.test(line) || beginsTable(lines, at);
}

function beginsTable(lines, at) {
  return lines[at].includes('|') && at + 1 < lines.length && TABLE_RULE.test(lines[at + 1]);
}

/** The block that begins at a line, and the line after it; null where a paragraph does. */
function structure(lines, at, depth) {
  const line = lines[at];
  const fence = FENCE.exec(line);
  if (fence) {
    return code(lines, at, fence);
  }
  const heading = HEADING.exec(line);
  if (heading) {
    // a page has headings of its own above these
    const level = Math.min(6, heading[1].length + 2);
    return { node: element(`h${level}`, {}, ...inline(heading[2].replace(/\s+#+\s*$/, ''))), next: at + 1 };
  }
  if (RULE.test(line)) {
    return { node: element('hr'), next: at + 1 };
  }
  if (QUOTE.test(line)) {
    let next = at;
    while (next < lines.length && QUOTE.test(lines[next])) {
      next++;
    }
    const inner = lines.slice(at, next).map((quoted) => quoted.replace(QUOTE, ''));
    return { node: element('blockquote', {}, ...blocks(inner, depth + 1)), next };
  }
  if (ITEM.test(line)) {
    return list(lines, at, depth);
  }
  if (beginsTable(lines, at)) {
    return table(lines, at);
  }
  return null;
}

function code(lines, at, [, mark, language]) {
  let next = at + 1;
  const closing = new RegExp(`^ {0,3}${mark[0]}{${mark.length},}\\s*$`);
  while (next < lines.length && !closing.test(lines[next])) {
    next++;
  }
  const text = lines.slice(at + 1, next).join('\n');
  const label = language ? `Code, ${language}` : 'Code';
  return {
    node: element('pre', { tabindex: 0, role: 'region', 'aria-label': label }, element('code', {}, text)),
    next: next + 1,
  };
}

function list(lines, at, depth) {
  const first = ITEM.exec(lines[at]);
  const ordered = /\d/.test(first[2]);
  const node = element(ordered ? 'ol' : 'ul', ordered && parseInt(first[2], 10) !== 1 ? { start: parseInt(first[2], 10) } : {});
  let next = at;
  while (next < lines.length) {
    const item = ITEM.exec(lines[next]);
    if (!item || /\d/.test(item[2]) !== ordered || RULE.test(lines[next])) {
      break;
    }
    const inner = [lines[next].slice(item[0].length)];
    next++;
    // what is indented belongs to the item; so do blank lines that such a line follows
    while (next < lines.length) {
      const indent = lines[next].search(/\S/);
      if (indent >= 2 && indent > item[1].length) {
        inner.push(lines[next].slice(Math.min(indent, item[0].length)));
      } else if (indent < 0 && next + 1 < lines.length && lines[next + 1].search(/\S/) > item[1].length + 1) {
        inner.push('');
      } else {
        break;
      }
      next++;
    }
    const children = blocks(inner, depth + 1);
    if (children.length > 0 && children[0].tagName === 'P') {
      children.splice(0, 1, ...children[0].childNodes);
    }
    node.append(element('li', {}, ...children));
    if (next < lines.length && lines[next].trim() === '' && next + 1 < lines.length && ITEM.test(lines[next + 1])) {
      next++;
    }
  }
  return { node, next };
}

function cells(line) {
  const inner = line.trim().replace(/^\|/, '').replace(/\|$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function table(lines, at) {
  const head = cells(lines[at]);
  if (head.length > MAX_COLUMNS) {
    return null;
  }
  const body = [];
  let next = at + 2;
  while (next < lines.length && lines[next].includes('|')) {
    const row = cells(lines[next]);
    body.push(element('tr', {}, ...head.map((_, column) => element('td', {}, ...inline(row[column] ?? '')))));
    next++;
  }
  const node = element(
    'div',
    { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Table' },
    element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...head.map((cell) => element('th', { scope: 'col' }, ...inline(cell))))),
      element('tbody', {}, ...body),
    ),
  );
  return { node, next };
}

/** Pieces of a line in the order in which they are looked for; each takes what it matches and goes on behind it. */
const SPANS = [
  { pattern: /^(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)/, make: ([, , text]) => element('code', {}, text.replace(/^ (.*) $/, '$1')) },
  { pattern: /^\\([!-/:-@[-`{-~])/, make: ([, character]) => character },
  { pattern: /^!?\[([^[\]]{0,500})\]\(((?:[^\s()<>]|\([^\s()<>]{0,500}\)){1,2000})\)/, make: ([whole, text, target]) => link(whole, text, target) },
  { pattern: /^<(https?:\/\/[^\s<>]{1,2000})>/, make: ([whole, target]) => link(whole, target, target) },
  { pattern: /^\*\*(?=\S)([^\n]{0,2000}?\S)\*\*(?!\*)/, make: ([, text], depth) => element('strong', {}, ...inline(text, depth)) },
  { pattern: /^__(?=\S)([^\n]{0,2000}?\S)__(?!\w)/, make: ([, text], depth) => element('strong', {}, ...inline(text, depth)) },
  { pattern: /^~~(?=\S)([^\n]{0,2000}?\S)~~/, make: ([, text], depth) => element('del', {}, ...inline(text, depth)) },
  { pattern: /^\*(?=[^\s*])([^*\n]{0,2000}[^\s*]|[^\s*])\*(?!\*)/, make: ([, text], depth) => element('em', {}, ...inline(text, depth)) },
  { pattern: /^_(?=[^\s_])([^_\n]{0,2000}[^\s_]|[^\s_])_(?!\w)/, make: ([, text], depth) => element('em', {}, ...inline(text, depth)) },
  { pattern: /^ {2,}\n/, make: () => element('br') },
];

/** Where a span may begin; all else is passed over at once. */
const MARKS = /[`\\![<*_~ ]/g;
/** Marks that find no end cost a look ahead each; a text with more than these is left as it is behind them. */
const MAX_LOOKS = 5000;

function inline(text, depth = 0) {
  const made = [];
  let plain = 0;
  let at = 0;
  let looks = 0;
  while (at < text.length && depth <= MAX_DEPTH && looks < MAX_LOOKS) {
    MARKS.lastIndex = at;
    const mark = MARKS.exec(text);
    if (!mark) {
      break;
    }
    at = mark.index;
    looks++;
    const insideWord = text[at] === '_' && at > 0 && /\w/.test(text[at - 1]);
    const found = insideWord ? null : spanAt(text.slice(at, at + 4100));
    if (!found) {
      at++;
      continue;
    }
    if (at > plain) {
      made.push(text.slice(plain, at));
    }
    made.push(found.span.make(found.match, depth + 1));
    at += found.match[0].length;
    plain = at;
  }
  if (plain < text.length) {
    made.push(text.slice(plain));
  }
  return made;
}

function spanAt(text) {
  for (const span of SPANS) {
    const match = span.pattern.exec(text);
    if (match) {
      return { span, match };
    }
  }
  return null;
}

/** A link if it goes to the web or to a mailbox; else what was written. */
function link(whole, text, target) {
  if (!/^(?:https?:\/\/|mailto:)/i.test(target)) {
    return whole;
  }
  return element('a', { href: target, target: '_blank', rel: 'noopener noreferrer', title: target }, text || target);
}
