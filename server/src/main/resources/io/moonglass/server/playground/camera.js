// Photographs: with the camera of this machine where the browser lets a page use it, else with the telephone's own app.
import { byId } from './dom.js';

/** Lets people take a photograph. */
export class Camera {
  constructor(take, complain) {
    this.take = take;
    this.complain = complain;
    this.dialog = byId('camera');
    this.screen = byId('camera-screen');
    this.stream = null;
    this.asking = false;
    byId('camera-shoot').addEventListener('click', () => this.shoot());
    byId('camera-close').addEventListener('click', () => this.dialog.close());
    this.dialog.addEventListener('close', () => this.release());
    byId('photograph-file').addEventListener('change', (event) => {
      take([...event.target.files]);
      event.target.value = '';
    });
  }

  async open() {
    // browsers give cameras to pages of this machine and to those that come by TLS
    if (!navigator.mediaDevices?.getUserMedia) {
      byId('photograph-file').click();
      return;
    }
    if (this.asking) {
      return;
    }
    this.asking = true;
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 1920 } } });
    } catch (fault) {
      if (fault.name === 'NotFoundError') {
        byId('photograph-file').click();
      } else {
        this.complain('The camera cannot be used.', 'Allow this page to use it in the browser’s settings, or attach a picture instead.');
      }
      return;
    } finally {
      this.asking = false;
    }
    this.screen.srcObject = this.stream;
    this.dialog.showModal();
    await this.screen.play();
    byId('camera-shoot').disabled = false;
  }

  async shoot() {
    const canvas = new OffscreenCanvas(this.screen.videoWidth, this.screen.videoHeight);
    canvas.getContext('2d').drawImage(this.screen, 0, 0);
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 });
    const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
    this.dialog.close();
    this.take([new File([blob], `photograph-${time}.jpg`, { type: 'image/jpeg' })]);
  }

  release() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.screen.srcObject = null;
    byId('camera-shoot').disabled = true;
  }
}
