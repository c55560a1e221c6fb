/** What a client gets and sends as JSON, or text, or bytes. */
export type Message = unknown

export type State = "connecting" | "open" | "waiting" | "closed"

export interface Close {
  /** The close code (RFC 6455 section 7.4); 1006 when the line broke, 4000 and its status when the server refused. */
  code: number
  reason: string
  /** Seconds that the server wants to be left alone, where it said so. */
  retryAfter?: number
  wasClean: boolean
}

/** Why the server did not let this client in. */
export interface Refusal {
  /** As of HTTP: 401, 403, 429, 503, … */
  status: number
  /** What the server says of it: the text of `halt`. */
  reason: string
  /** Seconds after which it is tried again at the earliest; null: the server did not say. */
  retryAfter: number | null
}

/** Why a request got no response. */
export class AskError extends Error {
  readonly event: string
  readonly reason: "error" | "timeout" | "disconnected" | "closed"
  /** What the server replied, if `reason` is "error"; `{ reason: "internal" }` if its handler failed. */
  readonly response: any
}

export interface Options {
  /** 2: messages with `"event": "message"` or `"state"` are events of that name like any other, as will be the default. */
  events?: 1 | 2
  /** Subprotocols to offer. */
  protocols?: string | string[]
  /** Added to the query of the address. */
  query?: Record<string, string>
  /** Get what was missed while the line was down, where the server keeps history. Default: false. */
  resume?: boolean
  /** How many messages wait while there is no connection. Default: 1000. */
  queue?: number
  /** Milliseconds before the first new attempt; doubled for each further one. Default: 500. */
  firstDelay?: number
  /** Milliseconds, the most between two attempts. Default: 30000. */
  longestDelay?: number
  /**
   * Whether to come back after this close. Default: not after 1000 and other final codes, nor 4000-4999, save refusals
   * that pass: 4408, 4425, 4429, 4500-4599.
   */
  retry?: (close: Close) => boolean
  /** A number from 0 to 1, for the jitter. */
  random?: () => number
  /** Where there is none built in (Node before 22): the class of the package `ws`. */
  WebSocket?: new (url: string, protocols?: string | string[]) => unknown
}

export function connect(path: string | URL, options?: Options): Live

declare class Emitter {
  off(name: string, listener: (...values: any[]) => void): void
}

export class Live extends Emitter {
  constructor(path: string | URL, options?: Options)
  readonly state: State
  /** When the next attempt comes (milliseconds since 1970), while `waiting`. */
  readonly retryAt: number | null
  /** Why it closed for good. */
  readonly closeReason: Close | null
  /** Messages that wait for a connection. */
  readonly queued: number
  /** Replies that came when nobody waited for them any more. */
  readonly lateReplies: number
  on(name: "soli:state", listener: (state: State, live: Live) => void): () => void
  /** Each message, whatever it is. */
  on(name: "soli:message", listener: (message: any, event: MessageEvent) => void): () => void
  on(name: "soli:refused", listener: (refusal: Refusal) => void): () => void
  on(name: "soli:resumed", listener: (payload: Resumed, message: any) => void): () => void
  /** A message with this `event`: its `payload`, and all of it. */
  on(name: string, listener: (payload: any, message: any) => void): () => void
  /** False when it was dropped: the queue is full, the connection closed for good, or it is volatile and the line is down. */
  send(message: Message, options?: { volatile?: boolean }): boolean
  /** Send a request and get the response. Rejects with an `AskError`. `timeout` in milliseconds; default: 10000. */
  ask<Response = any>(event: string, payload?: unknown, options?: { timeout?: number }): Promise<Response>
  close(code?: number, reason?: string): void
  retry(): void
}

export interface Resumed {
  /** True only if all that was missed follows. */
  recovered: boolean
  missed: number
  position: string
}

export interface Meta {
  phx_ref: string
  state: string
  [key: string]: any
}

export interface User {
  user_id: string
  metas: Meta[]
}

export class Presence extends Emitter {
  constructor(live: Live, options?: { channel?: string | null; patience?: number })
  /** True while the line is down, and until the first snapshot. */
  readonly isStale: boolean
  readonly count: number
  list(): User[]
  get(user_id: string | number): Meta[]
  on(name: "change", listener: (users: User[], presence: Presence) => void): () => void
  stop(): void
}

/** What a JSON Merge Patch (RFC 7396) is made of. */
export type Patch = { [key: string]: any }

export class RoomState<Value extends object = { [key: string]: any }> extends Emitter {
  constructor(live: Live, options?: { channel?: string | null })
  /** True while the line is down, and until the state came. */
  readonly isStale: boolean
  /** The state, `{}` until it came. Each change makes another object. */
  readonly value: Value
  /** `patch` is what changed; null: the whole came anew, or `isStale` is another. */
  on(name: "change", listener: (value: Value, patch: Patch | null) => void): () => void
  stop(): void
}
