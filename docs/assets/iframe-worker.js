// Search runs in a worker, and browsers allow none in pages that are opened as files. This runs its script in a hidden
// frame instead: https://developer.mozilla.org/docs/Web/API/Worker/Worker#exceptions
"use strict";

if (location.protocol === "file:") {
  // The theme's script looks for this name to find its other files.
  window.IFrameWorker = window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      this.inner = frame.contentWindow;
      this.inner.postMessage = (data) => this.tell(data);
      this.inner.importScripts = async (...urls) => { for (const each of urls) await this.load(each); };
      this.loaded = this.load(url);
    }

    load(url) {
      const script = this.inner.document.createElement("script");
      script.src = new URL(url, location.href).href;
      this.inner.document.body.append(script);
      return new Promise((done, failed) => { script.onload = done; script.onerror = failed; });
    }

    async postMessage(data) {
      await this.loaded;
      this.inner.dispatchEvent(new MessageEvent("message", { data }));
    }

    tell(data) {
      const event = new MessageEvent("message", { data });
      this.dispatchEvent(event);
      this.onmessage?.(event);
    }

    terminate() {
      this.inner.frameElement.remove();
    }
  };
}
