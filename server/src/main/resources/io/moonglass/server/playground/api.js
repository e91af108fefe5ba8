// The server as the page asks it: the same routes as for everybody else, at the page's own address.

const KEY = 'moonglass.key';
const MAX_EVENT_CHARS = 1 << 20;

/** Something went wrong; its message is for people, and its way out says what they can do. */
export class RequestFault extends Error {
  constructor(message, { status = 0, code = '', param = '', requestId = '', retryAfter = '', wayOut = '' } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
    this.wayOut = wayOut || wayOutOf(status, code, retryAfter);
  }
}

function wayOutOf(status, code, retryAfter) {
  const seconds = Number.parseInt(retryAfter, 10); // a proxy may give a date, which people need not read
  const soon = seconds > 0 ? `in ${seconds} second${seconds === 1 ? '' : 's'}` : 'in a moment';
  switch (status) {
    case 0: return 'Is the server still running, and can this machine reach it? Try again once it does.';
    case 401: return 'Enter a key under “API key” in the header; ./moonglass key NAME makes one.';
    case 403: return 'Open this page at the server’s own address, or have the address allowed by serve --cors-origin.';
    case 404: return code === 'model_not_found' ? 'Choose one of the models that are served.' : 'Reload the page: the server may have another version by now.';
    case 408: return 'The connection is too slow for what is sent; send smaller files.';
    case 413: return 'Send fewer or smaller files, or start a new conversation; serve --max-body-size sets the limit.';
    case 429: return `Too much is asked for at once. Try again ${soon}.`;
    case 499: return 'It was cancelled; ask again if that was not meant.';
    case 501: return 'This server cannot do that; leave it out.';
    case 502: return 'What stands before the server does not reach it. Try again in a moment.';
    case 503: return `The server is not ready. Try again ${soon}.`;
    case 504: return 'The answer took longer than the server allows; ask for less, or have serve --request-timeout raised.';
    default:
      return status >= 500
        ? 'This is a fault of the server; its log tells more under the request’s id.'
        : 'Change what the message names, and ask again.';
  }
}

/** The key that was typed in; it is kept for this tab alone, until it is closed. */
export function apiKey() {
  return sessionStorage.getItem(KEY) ?? '';
}

export function keepApiKey(key) {
  if (key) {
    sessionStorage.setItem(KEY, key);
  } else {
    sessionStorage.removeItem(KEY);
  }
}

/** An address of the server, also where a proxy has it below a path. */
export function address(path) {
  return new URL(path, document.baseURI).href;
}

/** An id under which a request can be cancelled and found in the log. */
export function newRequestId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function send(path, options = {}) {
  const headers = { ...options.headers };
  if (apiKey()) {
    headers.Authorization = `Bearer ${apiKey()}`;
  }
  let response;
  try {
    response = await fetch(address(path), { ...options, headers, cache: 'no-store', credentials: 'same-origin' });
  } catch (fault) {
    if (fault.name === 'AbortError') {
      throw fault;
    }
    throw new RequestFault('The server cannot be reached.');
  }
  if (!response.ok) {
    throw await faultOf(response);
  }
  return response;
}

async function faultOf(response) {
  const told = {
    status: response.status,
    requestId: response.headers.get('X-Request-Id') ?? '',
    retryAfter: response.headers.get('Retry-After') ?? '',
  };
  try {
    const { error } = await response.json();
    return new RequestFault(error.message, { ...told, code: error.code ?? '', param: error.param ?? '' });
  } catch {
    return new RequestFault(`The server answered with status ${response.status}.`, told);
  }
}

/** The models that can be asked. */
export async function models() {
  return (await (await send('v1/models')).json()).data;
}

/** All figures, as text for Prometheus. */
export async function metricsText(signal) {
  return (await send('metrics', { signal })).text();
}

/** Uploads a file, which is then shown by its id. */
export async function upload(file, signal) {
  const form = new FormData();
  form.append('purpose', 'vision');
  form.append('expires_after[anchor]', 'created_at');
  form.append('expires_after[seconds]', '86400');
  form.append('file', file, file.name);
  return (await (await send('v1/files', { method: 'POST', body: form, signal })).json()).id;
}

/** Ends a request on the server. False if there was none any more. */
export async function cancel(requestId) {
  try {
    await send(`v1/requests/${encodeURIComponent(requestId)}`, { method: 'DELETE', keepalive: true });
    return true;
  } catch {
    return false;
  }
}

/**
 * Asks for an answer and hands its pieces on as they come.
 *
 * @param body     of a chat completion that is streamed
 * @param onPiece  is given each piece, a chat completion's chunk
 */
export async function ask(body, requestId, signal, onPiece) {
  const response = await send('v1/chat/completions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Request-Id': requestId },
    body: JSON.stringify(body),
    signal,
  });
  let ended = false;
  for await (const data of events(response.body)) {
    if (data === '[DONE]') {
      ended = true;
      break;
    }
    const piece = JSON.parse(data);
    if (piece.error) {
      throw new RequestFault(piece.error.message, { status: statusOf(piece.error), code: piece.error.code, param: piece.error.param, requestId });
    }
    onPiece(piece);
  }
  if (!ended) {
    throw new RequestFault('The answer broke off.', { requestId });
  }
}

/** In a stream a fault has no status; its code says what it would have been. */
function statusOf(error) {
  const statuses = { request_cancelled: 499, deadline_exceeded: 504, server_shutting_down: 503, overloaded: 429 };
  return statuses[error.code] ?? (error.type === 'invalid_request_error' ? 400 : 500);
}

/** The data of server-sent events. Source: WHATWG HTML, “Server-sent events”. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let data = [];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        return;
      }
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      if (rest.length > MAX_EVENT_CHARS) {
        throw new RequestFault('The answer holds an event that is too long.');
      }
      for (const line of lines) {
        const text = line.endsWith('\r') ? line.slice(0, -1) : line;
        if (text === '' && data.length > 0) {
          yield data.join('\n');
          data = [];
        } else if (text.startsWith('data:')) {
          data.push(text.slice(text.startsWith('data: ') ? 6 : 5));
        }
      }
    }
  } catch (fault) {
    if (fault.name === 'AbortError' || fault instanceof RequestFault) {
      throw fault;
    }
    throw new RequestFault('The connection was lost in the middle of the answer.');
  } finally {
    reader.cancel().catch(() => {});
  }
}
