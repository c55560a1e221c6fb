// A client of a language server: JSON-RPC over the pipes of a process. It needs nothing but Node.
"use strict"

const { spawn } = require("node:child_process")

class Client {
  /**
   * @param {string} command
   * @param {string[]} args
   * @param {string | undefined} folder where the server starts
   * @param {(error: Error) => void} onEnd called once, when the server cannot start or ends by itself
   */
  constructor(command, args, folder, onEnd) {
    /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
    this._waiting = new Map()
    /** @type {Map<string, (params: any) => void>} */
    this._listeners = new Map()
    this._id = 0
    this._received = Buffer.alloc(0)
    this._isOver = false
    this._onEnd = onEnd
    this._process = spawn(command, args, { cwd: folder, stdio: ["pipe", "pipe", "pipe"] })
    this.log = ""
    this._process.on("error", (error) => this._end(error))
    this._process.on("exit", (code) => this._end(new Error(this.log.trim() || `it ended with status ${code}`)))
    this._process.stdin.on("error", () => {}) // the exit tells why
    this._process.stdout.on("data", (data) => this._read(data))
    this._process.stderr.on("data", (data) => { this.log = (this.log + data).slice(-4000) })
  }

  /**
   * The result, or an error with the server's message.
   * @param {string} method
   * @param {unknown} params
   * @returns {Promise<any>}
   */
  request(method, params) {
    if (this._isOver) return Promise.reject(new Error("the language server is not running"))
    const id = ++this._id
    const answer = new Promise((resolve, reject) => this._waiting.set(id, { resolve, reject }))
    this._write({ id, method, params })
    return answer
  }

  /**
   * @param {string} method
   * @param {unknown} params
   */
  notify(method, params) {
    if (!this._isOver) this._write({ method, params })
  }

  /**
   * @param {string} method
   * @param {(params: any) => void} listener
   */
  on(method, listener) {
    this._listeners.set(method, listener)
  }

  async stop() {
    if (this._isOver) return
    this._onEnd = () => {}
    const ended = new Promise((resolve) => this._process.once("exit", resolve))
    const timer = setTimeout(() => this._process.kill(), 2000)
    await this.request("shutdown", null).catch(() => {})
    this.notify("exit", null)
    await ended
    clearTimeout(timer)
  }

  /** @param {{ id?: number, method?: string, params?: unknown, result?: unknown }} message */
  _write(message) {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }))
    this._process.stdin.write(`Content-Length: ${body.length}\r\n\r\n`)
    this._process.stdin.write(body)
  }

  /** @param {Buffer} data */
  _read(data) {
    this._received = Buffer.concat([this._received, data])
    for (;;) {
      const end = this._received.indexOf("\r\n\r\n")
      if (end < 0) return
      const length = Number(/content-length: *(\d+)/i.exec(this._received.toString("latin1", 0, end))?.[1] ?? 0)
      if (this._received.length < end + 4 + length) return
      const body = this._received.toString("utf8", end + 4, end + 4 + length)
      this._received = this._received.subarray(end + 4 + length)
      this._got(JSON.parse(body))
    }
  }

  /** @param {any} message what the server sent */
  _got(message) {
    if (message.method !== undefined) {
      this._listeners.get(message.method)?.(message.params)
      if (message.id !== undefined) this._write({ id: message.id, result: null })
      return
    }
    const waiting = this._waiting.get(message.id)
    this._waiting.delete(message.id)
    if (message.error) waiting?.reject(new Error(message.error.message))
    else waiting?.resolve(message.result)
  }

  /** @param {Error} error */
  _end(error) {
    if (this._isOver) return
    this._isOver = true
    for (const { reject } of this._waiting.values()) reject(error)
    this._waiting.clear()
    this._onEnd(error)
  }
}

module.exports = { Client }
