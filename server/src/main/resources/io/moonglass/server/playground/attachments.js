// What people drop, paste, choose or photograph, on its way into a message.
import { announce, bytes, button, byId, element } from './dom.js';
import { upload } from './api.js';

/** From this size on a file is uploaded once, and turns name its id, instead of being sent with every turn. */
const UPLOAD_FROM = 6 << 20;
const MAX_FILES = 32;
const PICTURES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/bmp'];
const VIDEO_NAMES = /\.(mp4|m4v|mov|webm|mkv|avi|ts|m2ts)$/i;

/** A picture, video or document of a message. */
class Attachment {
  constructor(file, kind) {
    this.file = file;
    this.kind = kind;
    this.name = file.name;
    this.preview = kind === 'picture' || kind === 'video' ? URL.createObjectURL(file) : null;
    this.fileId = null;
    this.content = null;
  }

  /** Reads or uploads it; once is enough for all turns. */
  async prepare(signal) {
    if (this.fileId || this.content) {
      return;
    }
    if (this.file.size >= UPLOAD_FROM) {
      try {
        this.fileId = await upload(this.file, signal);
        return;
      } catch (fault) {
        if (fault.status !== 501) {
          throw fault;
        }
        // a server that keeps no files takes them with the message
      }
    }
    this.content = await dataAddress(this.file);
  }

  /** Has it uploaded again: the server has it no more, or had it for another key. */
  forget() {
    this.fileId = null;
  }

  /**
   * The part of a chat message.
   *
   * @param shownAt what stands for the bytes where the message is shown to people; left out to send it
   */
  part(settings, shownAt = null) {
    const sentById = this.fileId !== null && shownAt === null;
    const content = shownAt ?? this.content;
    switch (this.kind) {
      case 'picture':
        return { type: 'image_url', image_url: { url: sentById ? this.fileId : content } };
      case 'video':
        return {
          type: 'video_url',
          video_url: { ...(sentById ? { file_id: this.fileId } : { url: content }), ...(settings.maxFrames ? { max_frames: settings.maxFrames } : {}) },
        };
      case 'document':
        return {
          type: 'file',
          file: {
            filename: this.name,
            ...(sentById ? { file_id: this.fileId } : { file_data: content }),
            ...(settings.pages ? { pages: settings.pages } : {}),
          },
        };
      default:
        throw new Error(`no kind of attachment: ${this.kind}`);
    }
  }

  /** As it is shown in the conversation. */
  view() {
    const caption = element('figcaption', {}, `${this.name}, ${bytes(this.file.size)}`);
    switch (this.kind) {
      case 'picture':
        return element('figure', {}, picture(this.preview, this.name), caption);
      case 'video':
        return element(
          'figure',
          {},
          element('video', { src: this.preview, controls: true, muted: true, 'aria-label': `The video ${this.name}` }),
          caption,
        );
      default:
        return element('figure', {}, sheet('PDF'), caption);
    }
  }

  dispose() {
    if (this.preview) {
      URL.revokeObjectURL(this.preview);
    }
  }
}

function picture(preview, name) {
  const unseen = () => shown.replaceWith(sheet('no picture')); // the server says why
  const shown = element('img', { src: preview, alt: `The picture ${name}`, onerror: unseen });
  return shown;
}

/** Stands for a file that cannot be shown; its name is below. */
function sheet(text) {
  return element('span', { class: 'sheet', 'aria-hidden': 'true' }, text);
}

function dataAddress(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error(`${file.name} cannot be read; is it still there?`));
    reader.readAsDataURL(file);
  });
}

/** What kind a file is by its name and type; the server goes by its bytes. Null if it is none of them. */
function kindOf(file) {
  if (file.type === 'application/pdf' || /\.pdf$/i.test(file.name)) {
    return 'document';
  }
  if (file.type.startsWith('video/') || VIDEO_NAMES.test(file.name)) {
    return 'video';
  }
  return file.type.startsWith('image/') ? 'picture' : null;
}

/** Pictures of kinds that only browsers know, as telephones make them, become PNG. */
async function readable(file) {
  if (PICTURES.includes(file.type) || !file.type.startsWith('image/')) {
    return file;
  }
  const bitmap = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d').drawImage(bitmap, 0, 0);
  bitmap.close();
  const blob = await canvas.convertToBlob({ type: 'image/png' });
  return new File([blob], `${file.name.replace(/\.\w+$/, '')}.png`, { type: 'image/png' });
}

/** The files that the next message will have, and the strip that shows them. */
export class Tray {
  constructor(complain) {
    this.attachments = [];
    this.complain = complain;
    this.strip = byId('tray');
  }

  async add(files) {
    for (const file of files) {
      if (this.attachments.length >= MAX_FILES) {
        this.complain(`A message holds at most ${MAX_FILES} files.`, 'Send these first, and the others with the next message.');
        return;
      }
      const kind = kindOf(file);
      if (!kind) {
        this.complain(`${file.name} is no picture, video or PDF.`, 'Pictures are PNG, JPEG, WebP, GIF or BMP; videos MP4, WebM, Matroska, MPEG-TS or AVI.');
        continue;
      }
      if (file.size === 0) {
        this.complain(`${file.name} is empty.`, 'Choose another file.');
        continue;
      }
      try {
        this.attachments.push(new Attachment(kind === 'picture' ? await readable(file) : file, kind));
        announce(`${file.name} is attached.`);
      } catch {
        this.complain(`${file.name} is of a kind that this browser cannot read.`, 'Save it as PNG or JPEG first.');
      }
      this.show();
    }
  }

  /** Hands over what there is, and is empty then. */
  take() {
    const taken = this.attachments;
    this.attachments = [];
    this.show();
    return taken;
  }

  remove(attachment) {
    this.attachments = this.attachments.filter((other) => other !== attachment);
    attachment.dispose();
    this.show();
    byId('question').focus();
    announce(`${attachment.name} is removed.`);
  }

  show() {
    this.strip.replaceChildren(
      ...this.attachments.map((attachment) =>
        element(
          'li',
          {},
          attachment.view(),
          button('Remove', () => this.remove(attachment), { class: 'remove', 'aria-label': `Remove ${attachment.name}` }),
        ),
      ),
    );
    this.strip.hidden = this.attachments.length === 0;
  }
}
