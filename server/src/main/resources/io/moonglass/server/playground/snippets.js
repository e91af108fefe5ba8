// A request as programs would send it. Files are read from disk there, and keys come from the environment: what is shown
// can be copied into a chat or a ticket.

import { newRequestId } from './api.js';

const KEY_VARIABLE = 'MOONGLASS_API_KEY';
/** Stands in a body where a file's data address belongs. It is drawn for each page, so no text can have it in it. */
const MARK = `file-${newRequestId()}-`;
const HOLE = new RegExp(`${MARK}(\\d+)`);
const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+$/;

/**
 * @param request {body, files, server, keyed}: the body with holes in place of files, what belongs in them, the server's
 *                address with a slash at its end, and whether it wants a key
 */
export const SNIPPETS = [
  { name: 'curl', write: curl },
  { name: 'Java', write: java },
  { name: 'Python', write: python },
];

/** What stands for a file of `files`. */
export function hole(index) {
  return `${MARK}${index}`;
}

function curl({ body, files, server, keyed }) {
  // the shell reads the text: what it would replace is escaped before the files are put in
  const json = JSON.stringify(body, null, 2).replace(/[\\$`]/g, '\\$&');
  const filled = json.replace(new RegExp(HOLE, 'g'), (_, index) => {
    const file = files[index];
    return `data:${mediaType(file)};base64,$(base64 < ${shellQuoted(file.name)} | tr -d '\\n')`;
  });
  return [
    `curl -N ${shellQuoted(`${server}v1/chat/completions`)} \\`,
    "  -H 'Content-Type: application/json' \\",
    ...(keyed ? [`  -H "Authorization: Bearer $${KEY_VARIABLE}" \\`] : []),
    '  --data-binary @- <<JSON',
    filled,
    'JSON',
  ].join('\n');
}

/** One word of a shell. Text with a line break would end the document that it stands in. */
function shellQuoted(text) {
  if (/[\0-\x1f\x7f]/.test(text)) {
    const octal = (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
    return `$'${text.replace(/[\0-\x1f\x7f'\\]/g, octal)}'`;
  }
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** What a browser says of a file comes from whoever gave it the file. */
function mediaType(file) {
  return MEDIA_TYPE.test(file.type) ? file.type : 'application/octet-stream';
}

function python({ body, files, server, keyed }) {
  const { model, messages, stream, temperature, max_tokens: maxTokens, ...others } = body;
  delete others.stream_options;
  const known = { model, messages, temperature, max_tokens: maxTokens };
  const lines = [
    ...(files.length > 0 ? ['import base64'] : []),
    ...(keyed ? ['import os'] : []),
    'from openai import OpenAI',
    '',
    ...(files.length > 0
      ? [
          'def data_address(media_type, path):',
          '    with open(path, "rb") as file:',
          '        return f"data:{media_type};base64,{base64.b64encode(file.read()).decode()}"',
          '',
        ]
      : []),
    `client = OpenAI(base_url=${JSON.stringify(`${server}v1`)}, api_key=${keyed ? `os.environ["${KEY_VARIABLE}"]` : '"none is wanted"'})`,
    'answer = client.chat.completions.create(',
    ...Object.entries(known)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `    ${name}=${pythonValue(value, files, 1)},`),
    ...(Object.keys(others).length > 0 ? [`    extra_body=${pythonValue(others, files, 1)},`] : []),
    ...(stream ? ['    stream=True,'] : []),
    ')',
    'for piece in answer:',
    '    if piece.choices and piece.choices[0].delta.content:',
    '        print(piece.choices[0].delta.content, end="", flush=True)',
    'print()',
  ];
  return lines.join('\n');
}

function pythonValue(value, files, depth) {
  const indent = '    '.repeat(depth);
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => `${indent}    ${pythonValue(item, files, depth + 1)},\n`).join('')}${indent}]`;
  }
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value);
    return `{\n${entries.map(([key, item]) => `${indent}    ${JSON.stringify(key)}: ${pythonValue(item, files, depth + 1)},\n`).join('')}${indent}}`;
  }
  if (typeof value === 'string') {
    const file = fileOf(value, files);
    return file ? `data_address(${JSON.stringify(mediaType(file))}, ${JSON.stringify(file.name)})` : JSON.stringify(value);
  }
  return { true: 'True', false: 'False', null: 'None' }[String(value)] ?? String(value);
}

function java({ body, files, server, keyed }) {
  const { model, messages, temperature, max_tokens: maxTokens, ...others } = body;
  delete others.stream;
  delete others.stream_options;
  const client = keyed
    ? [
        `MoonglassClient client = MoonglassClient.builder(URI.create(${JSON.stringify(server)}))`,
        `        .apiKey(System.getenv("${KEY_VARIABLE}"))`,
        '        .build();',
      ]
    : [`MoonglassClient client = MoonglassClient.of(URI.create(${JSON.stringify(server)}));`];
  const request = [
    'ChatCompletionRequest request = ChatCompletionRequest.builder()',
    ...(model ? [`        .model(${JSON.stringify(model)})`] : []),
    ...messages.map((message) => javaMessage(message, files)),
    ...(temperature === undefined ? [] : [`        .temperature(${temperature})`]),
    ...(maxTokens === undefined ? [] : [`        .maxTokens(${maxTokens})`]),
    ...Object.entries(others).map(([name, value]) => `        .field(${JSON.stringify(name)}, ${JSON.stringify(value)})`),
    '        .build();',
  ];
  return [
    'import io.moonglass.clients.*;',
    'import java.net.URI;',
    ...(files.length > 0 ? ['import java.nio.file.Path;'] : []),
    ...(request.some((line) => line.includes('List.of(')) ? ['import java.util.List;'] : []),
    '',
    'class Ask {',
    '    public static void main(String[] arguments) {',
    ...[...client, ...request].map((line) => `        ${line.replaceAll('\n', '\n        ')}`),
    '        try (AnswerStream<ChatCompletionChunk> answer = client.stream(request)) {',
    '            for (ChatCompletionChunk chunk : answer) {',
    '                System.out.print(chunk.text());',
    '            }',
    '        }',
    '    }',
    '}',
  ].join('\n');
}

function javaMessage(message, files) {
  if (typeof message.content === 'string') {
    return `        .${message.role}(${JSON.stringify(message.content)})`;
  }
  const text = message.content.find((part) => part.type === 'text')?.text;
  const media = message.content.filter((part) => part.type !== 'text').map((part) => javaPart(part, files));
  const listed = (values) => values.map((value) => `                ${value}`).join(',\n');
  return text === undefined
    ? `        .message(ChatMessage.user(List.of(\n${listed(media)})))`
    : `        .user(\n${listed([JSON.stringify(text), ...media])})`;
}

function javaPart(part, files) {
  const kinds = { image_url: 'image', video_url: 'video', file: 'document' };
  const settings = { max_frames: 'withMaxFrames', pages: 'withPages' };
  const media = part[part.type];
  const file = fileOf(media.url ?? media.file_data ?? '', files);
  const said = Object.entries(settings)
    .filter(([name]) => media[name] !== undefined)
    .map(([name, method]) => `.${method}(${JSON.stringify(media[name])})`);
  return `ContentPart.${kinds[part.type]}(Path.of(${JSON.stringify(file.name)}))${said.join('')}`;
}

function fileOf(text, files) {
  const match = HOLE.exec(text);
  return match ? files[match[1]] : null;
}
