// What the tests share: a connection to Postgres, tables of their own, a follower that replays messages strictly, and the
// orchestrator's controls. The orchestrator is the Go test in this directory; it says by environment variables where things are.
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { ShapeStream } from '@electric-sql/client'
import pg from 'pg'

const need = (name) => process.env[name] ?? assert.fail(`${name} is not set: run this suite by go test ./http/clientsuite`)

/** Where the client under test connects: the server, or nginx before it. */
export const shapeURL = new URL('/v1/shape', need('SUITE_URL')).href
/** The server itself, whatever stands before it. */
export const directURL = new URL('/v1/shape', need('SUITE_DIRECT_URL')).href

// The client puts off writes to its local storage by up to a minute. Such a timer must not keep the process after the last
// test; the tests' own timers do.
const startTimer = globalThis.setTimeout
globalThis.setTimeout = (call, ms, ...args) => {
  const timer = startTimer(call, ms, ...args)
  if (ms > 1000) timer.unref()
  return timer
}

/** A pool that ends with the test. */
export function database(t) {
  const pool = new pg.Pool({ connectionString: need('SUITE_DATABASE_URL'), max: 4 })
  t.after(() => pool.end())
  return pool
}

/** Whether all conditions of one of the tags are true. */
const holds = ({ slots, conditions }) => slots.some((tag) => tag.every((slot, pos) => slot === '' || conditions[pos]))

let tables = 0
/** Creates a table under a name of its own; `columns` is what stands between the parentheses. */
export async function createTable(db, columns, schema = 'public') {
  const name = `t_${process.pid}_${++tables}`
  await db.query(`CREATE TABLE ${schema}.${name} (${columns})`)
  return name
}

/** Runs statements in one transaction. */
export async function transaction(db, ...statements) {
  const c = await db.connect()
  try {
    await c.query('BEGIN')
    for (const s of statements) await c.query(s)
    await c.query('COMMIT')
  } finally {
    c.release()
  }
}

const deadline = 30_000

/** Resolves when check() is true, looked at after every event of the emitter. */
export class Bell {
  #waiting = new Set()
  ring() {
    for (const look of [...this.#waiting]) look()
  }
  until(check, what, ms = deadline) {
    return new Promise((resolve, reject) => {
      const timer = startTimer(() => {
        this.#waiting.delete(look)
        reject(new Error(`waited ${ms} ms for ${what}`))
      }, ms)
      const look = () => {
        try {
          if (!check()) return
        } catch (e) {
          return done(() => reject(e))
        }
        done(resolve)
      }
      const done = (settle) => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        settle()
      }
      this.#waiting.add(look)
      look()
    })
  }
}

/**
 * Follows a shape with the real client and replays its messages by the letter: an insert of a key that is there, a change of
 * a key that is not, or an offset that does not increase is a failure. With log=changes_only the follower has only the rows
 * that it asked for, and changes of others pass by. SSE may send the last transaction again after a
 * reconnect, so there a message at an offset seen before is skipped, and rows that moved in may come again.
 *
 * The client hands on tags, conditions and moves of shapes with subqueries as they are. They are applied here as other libraries
 * that are built on it do: a move-out takes the rows for which nothing holds any more.
 */
export class Follower {
  rows = new Map()
  members = new Map() // key → { tags, slots of each, conditions }, of shapes with subqueries
  messages = []
  refetches = 0
  failure = null
  upToDate = false
  #bell = new Bell()
  #last = null
  #strict
  #partial

  constructor(t, params, options = {}) {
    this.#strict = !options.liveSse
    this.#partial = options.log === 'changes_only'
    this.abort = new AbortController()
    t.after(() => this.abort.abort())
    this.stream = new ShapeStream({
      url: shapeURL, params, signal: this.abort.signal, warnOnHttp: false,
      backoffOptions: { initialDelay: 50, maxDelay: 1000, multiplier: 1.5 },
      onError: (e) => this.#fail(e),
      ...options,
    })
    this.stream.subscribe((batch) => this.#apply(batch), (e) => this.#fail(e))
  }

  #fail(e) {
    this.failure ??= e
    this.#bell.ring()
  }

  #apply(batch) {
    try {
      for (const m of batch) {
        this.messages.push(m)
        this.#one(m)
      }
    } catch (e) {
      this.#fail(e)
    }
    this.#bell.ring()
  }

  #one(m) {
    const { control, operation, lsn, op_position: op, snapshot_mark: mark } = m.headers
    if (control === 'must-refetch') {
      this.rows.clear()
      this.members.clear()
      this.#last = null
      this.refetches++
      this.upToDate = false
      return
    }
    if (control === 'up-to-date') this.upToDate = true
    if (m.headers.event) this.#move(m.headers)
    if (!operation) return
    if (lsn !== undefined) {
      const at = [BigInt(lsn), op]
      const later = !this.#last || at[0] > this.#last[0] || (at[0] === this.#last[0] && at[1] > this.#last[1])
      if (!later && !this.#strict) return
      assert.ok(later, `offset ${lsn}_${op} after ${this.#last?.join('_')}`)
      this.#last = at
    }
    const there = this.rows.has(m.key)
    if (operation === 'insert') {
      assert.ok(!there || mark !== undefined || (m.headers.is_move_in && !this.#strict), `insert of ${m.key}, which is there`)
      this.rows.set(m.key, m.value)
    } else {
      if (!there && this.#partial) return
      assert.ok(there, `${operation} of ${m.key}, which is not there`)
      if (operation === 'delete') this.rows.delete(m.key)
      else this.rows.set(m.key, { ...this.rows.get(m.key), ...m.value })
    }
    if (m.headers.tags) this.#member(m)
  }

  /** Keeps why a row is in the shape. */
  #member({ key, headers: { operation, tags, removed_tags: removed = [], active_conditions: conditions } }) {
    const before = this.members.get(key)?.tags ?? []
    if (operation === 'delete') return this.members.delete(key)
    if (operation === 'update') assert.deepEqual([...removed].sort(), before.filter((t) => !tags.includes(t)).sort(), 'removed_tags')
    const row = { tags, slots: tags.map((t) => t.split('/')), conditions: [...conditions] }
    assert.ok(holds(row), `a row is there for which nothing holds: ${key}`)
    this.members.set(key, row)
  }

  #move({ event, patterns }) {
    for (const [key, row] of this.members) {
      for (const { pos, value } of patterns) {
        if (row.slots.some((slots) => slots[pos] === value)) row.conditions[pos] = event === 'move-in'
      }
      if (holds(row)) continue
      this.members.delete(key)
      this.rows.delete(key)
    }
  }

  /** The rows, sorted by column `by`. */
  sorted(by = 'id') {
    return [...this.rows.values()].sort((a, b) => (a[by] < b[by] ? -1 : a[by] > b[by] ? 1 : 0))
  }

  changes(operation) {
    return this.messages.filter((m) => m.headers.operation === operation)
  }

  until(check, what) {
    return this.#bell.until(() => {
      if (this.failure) throw this.failure
      return check(this)
    }, what)
  }

  untilUpToDate() {
    return this.until(() => this.upToDate, 'up-to-date')
  }

  /** Waits until the rows are these and the client has been told that it is up to date. */
  async untilRows(want, by) {
    try {
      await this.until(() => this.upToDate && isDeepStrictEqual(this.sorted(by), want), 'rows')
    } catch (e) {
      if (!this.failure) assert.deepEqual(this.sorted(by), want)
      throw e
    }
  }
}

/** Asks the orchestrator for something: `restart` (SIGTERM and start) or `crash` (SIGKILL and start). */
export async function server(action) {
  const r = await fetch(new URL(`/${action}`, need('SUITE_CONTROL_URL')), { method: 'POST' })
  assert.equal(r.status, 200, await r.text())
}

/** Stops the server, runs `during`, and starts it again. */
export async function whileDown(signal, during) {
  await server(signal === 'SIGKILL' ? 'kill' : 'stop')
  try {
    await during()
  } finally {
    await server('start')
  }
}

/**
 * The lines of nginx's access log whose URI contains `part`, once there are `count`: {cache, upstream, status, uri}. nginx
 * writes a line only after the client has its answer.
 */
export async function nginxLog(part, count) {
  for (const begin = Date.now(); ; await new Promise((resolve) => startTimer(resolve, 20))) {
    const r = await fetch(new URL('/nginx-log', need('SUITE_CONTROL_URL')))
    const lines = (await r.text()).split('\n').filter((l) => l.endsWith('}') && l.includes(part)).map((l) => JSON.parse(l))
    if (lines.length >= count) return lines
    assert.ok(Date.now() - begin < 5000, `nginx logs only ${JSON.stringify(lines)}`)
  }
}

/** A GET of the shape route with these parameters. */
export function get(params, { base = shapeURL, ...init } = {}) {
  const u = new URL(base)
  for (const [k, v] of Object.entries(params)) u.searchParams.set(k, v)
  u.searchParams.sort()
  return fetch(u, init)
}

/** Reads a shape with GETs until it is up to date, and returns where it ended. */
export async function catchUp(params, base) {
  let offset = '-1'
  let handle
  const messages = []
  for (;;) {
    const r = await get({ ...params, offset, ...(handle && { handle }) }, { base })
    assert.equal(r.status, 200, await r.clone().text())
    messages.push(...(await r.json()))
    offset = r.headers.get('electric-offset')
    handle = r.headers.get('electric-handle')
    if (r.headers.has('electric-up-to-date')) return { offset, handle, messages }
  }
}
