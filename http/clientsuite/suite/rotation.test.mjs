// What happens to clients of a shape that is taken away.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTable, database, directURL, Follower, get } from './harness.mjs'

for (const liveSse of [false, true]) {
  const how = liveSse ? 'SSE' : 'long poll'
  test(`TRUNCATE makes a client on ${how} fetch again`, async (t) => {
    const db = database(t)
    const table = await createTable(db, 'id int primary key')
    await db.query(`INSERT INTO ${table} VALUES (1), (2)`)
    const f = new Follower(t, { table }, { liveSse })
    await f.untilUpToDate()
    const before = f.stream.shapeHandle
    await db.query(`TRUNCATE ${table}`)
    await f.until(() => f.refetches === 1 && f.upToDate, 'must-refetch')
    assert.equal(f.rows.size, 0)
    assert.notEqual(f.stream.shapeHandle, before)
    await db.query(`INSERT INTO ${table} VALUES (3)`)
    await f.untilRows([{ id: 3 }])
  })
}

test('DELETE of a shape makes its clients fetch again', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key')
  await db.query(`INSERT INTO ${table} VALUES (1)`)
  const f = new Follower(t, { table })
  await f.untilUpToDate()
  const deleted = await get({ table, handle: f.stream.shapeHandle }, { base: directURL, method: 'DELETE' })
  assert.equal(deleted.status, 202)
  await f.until(() => f.refetches === 1 && f.upToDate, 'must-refetch')
  assert.deepEqual(f.sorted(), [{ id: 1 }])
  await db.query(`INSERT INTO ${table} VALUES (2)`)
  await f.untilRows([{ id: 1 }, { id: 2 }])
})

test('a table that is made anew under its name is fetched again', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key')
  await db.query(`INSERT INTO ${table} VALUES (1)`)
  const f = new Follower(t, { table })
  await f.untilUpToDate()
  await db.query(`DROP TABLE ${table}; CREATE TABLE ${table} (id int primary key, added text); INSERT INTO ${table} VALUES (5, 'new')`)
  await f.until(() => f.refetches >= 1, 'must-refetch') // at the next look at the catalogue, once a second here
  await f.untilRows([{ id: 5, added: 'new' }])
  await db.query(`INSERT INTO ${table} VALUES (6, 'newer')`)
  await f.untilRows([{ id: 5, added: 'new' }, { id: 6, added: 'newer' }])
})

test('a column that is added makes a client of all columns fetch again', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key')
  await db.query(`INSERT INTO ${table} VALUES (1)`)
  const f = new Follower(t, { table })
  await f.untilUpToDate()
  await db.query(`ALTER TABLE ${table} ADD extra text DEFAULT 'e'`)
  await db.query(`INSERT INTO ${table} VALUES (2, 'f')`)
  await f.until(() => f.refetches >= 1 && f.rows.size === 2 && f.upToDate, 'must-refetch')
  assert.deepEqual(f.sorted(), [{ id: 1, extra: 'e' }, { id: 2, extra: 'f' }])
})
