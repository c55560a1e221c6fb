// Pages that are opened from a disk may start no workers: a hidden frame does their work then.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    #inside
    #loaded

    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.append(frame)
      this.#inside = frame.contentWindow
      this.#inside.importScripts = async (...urls) => {
        for (const one of urls) await this.#load(one)
      }
      this.#inside.postMessage = (data) => {
        const event = new MessageEvent("message", { data })
        this.dispatchEvent(event)
        this.onmessage?.(event)
      }
      this.#loaded = this.#load(url)
    }

    #load(url) {
      const { document } = this.#inside
      return new Promise((resolve, reject) => {
        const script = document.createElement("script")
        script.src = new URL(url, location.href).href
        script.onload = resolve
        script.onerror = () => reject(new Error(`cannot load ${url}`))
        document.body.append(script)
      })
    }

    async postMessage(data) {
      await this.#loaded
      const event = new this.#inside.MessageEvent("message", { data })
      this.#inside.dispatchEvent(event)
      this.#inside.onmessage?.(event)
    }

    terminate() {
      this.#inside.frameElement?.remove()
    }
  }
}
