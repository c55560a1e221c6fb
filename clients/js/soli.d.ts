/** What a client gets and sends as JSON, or text, or bytes. */
export type Message = unknown

export type State = "connecting" | "open" | "waiting" | "closed"

export interface Close {
  /** The close code (RFC 6455 section 7.4); 1006 when the line broke. */
  code: number
  reason: string
  wasClean: boolean
}

export interface Options {
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
  /** Whether to come back after this close. Default: not after 1000 and other final codes, nor 4000-4999. */
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
  on(name: "state", listener: (state: State, live: Live) => void): () => void
  on(name: "message", listener: (message: any, event: MessageEvent) => void): () => void
  on(name: "resumed", listener: (payload: Resumed, message: any) => void): () => void
  /** A message with this `event`: its `payload`, and all of it. */
  on(name: string, listener: (payload: any, message: any) => void): () => void
  /** False when it was dropped: the queue is full, or the connection closed for good. */
  send(message: Message): boolean
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
