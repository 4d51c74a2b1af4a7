// TanStack DB on the npm client: the library that applies tags and moves by itself. Its rows must be those of Postgres.
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { test } from 'node:test'
import { createCollection } from '@tanstack/db'
import { electricCollectionOptions } from '@tanstack/electric-db-collection'
import { Bell, createTable, database, shapeURL, transaction, whileDown } from './harness.mjs'

/** A collection of a shape, and a wait for what it has. */
function collect(t, params, shapeOptions) {
  const bell = new Bell()
  const abort = new AbortController()
  const collection = createCollection(
    electricCollectionOptions({
      id: params.table,
      getKey: (row) => row.id,
      shapeOptions: { url: shapeURL, params, signal: abort.signal, warnOnHttp: false, backoffOptions: { initialDelay: 50, maxDelay: 1000, multiplier: 1.5 }, ...shapeOptions },
    }),
  )
  const subscription = collection.subscribeChanges(() => bell.ring())
  t.after(async () => {
    subscription.unsubscribe()
    await collection.cleanup()
    abort.abort()
  })
  const rows = () => collection.toArray.map(({ id, owner, note }) => ({ id, owner, note })).sort((a, b) => a.id - b.id)
  return {
    rows,
    async until(want) {
      try {
        await bell.until(() => isDeepStrictEqual(rows(), want), 'rows')
      } catch {
        assert.deepEqual(rows(), want)
      }
    },
  }
}

for (const liveSse of [false, true]) {
  const how = liveSse ? 'SSE' : 'long poll'
  test(`a collection has what its query finds by ${how}`, async (t) => {
    const db = database(t)
    const owners = await createTable(db, 'id int primary key, active bool not null')
    const items = await createTable(db, 'id int primary key, owner int, note text')
    await db.query(`INSERT INTO ${owners} VALUES (1, true), (2, false), (3, true)`)
    await db.query(`INSERT INTO ${items} SELECT i, i % 4, 'n' || i % 3 FROM generate_series(1, 12) i`)
    const where = `owner IN (SELECT id FROM ${owners} WHERE active = true) OR note = 'n0'`
    const c = collect(t, { table: items, where }, { liveSse })
    const settled = async () => c.until((await db.query(`SELECT id, owner, note FROM ${items} WHERE ${where} ORDER BY id`)).rows)
    await settled()
    for (const step of [
      `UPDATE ${owners} SET active = false WHERE id = 1`,
      `UPDATE ${owners} SET active = true WHERE id = 2`,
      `UPDATE ${items} SET note = 'n1' WHERE id IN (3, 6, 9)`,
      `UPDATE ${items} SET owner = 3 WHERE owner = 2 AND id < 8`,
      `UPDATE ${owners} SET active = NOT active`,
      `INSERT INTO ${items} VALUES (20, 1, 'x'), (21, 2, 'x'), (22, NULL, 'n0')`,
      `DELETE FROM ${owners} WHERE id = 1`,
      `UPDATE ${items} SET note = 'n0' WHERE owner = 1 AND id % 2 = 1`,
    ]) {
      await db.query(step)
      await settled()
    }
    await transaction(db, `INSERT INTO ${owners} VALUES (1, true)`, `UPDATE ${items} SET owner = 1 WHERE id = 22`, `UPDATE ${owners} SET active = false WHERE id = 3`)
    await settled()
    await whileDown('SIGTERM', () => db.query(`UPDATE ${owners} SET active = NOT active`))
    await settled()
    await db.query(`UPDATE ${owners} SET active = NOT active`)
    await settled()
  })
}
