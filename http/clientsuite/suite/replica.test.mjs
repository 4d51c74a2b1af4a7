// replica=full, and column lists on live changes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTable, database, Follower } from './harness.mjs'

test('replica full carries whole rows and old values', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key, a int, b text')
  await db.query(`INSERT INTO ${table} VALUES (1, 10, 'x')`)
  const f = new Follower(t, { table, replica: 'full' })
  await f.untilUpToDate()
  await db.query(`UPDATE ${table} SET a = 20 WHERE id = 1`)
  await f.untilRows([{ id: 1, a: 20, b: 'x' }])
  const update = f.changes('update').at(-1)
  assert.deepEqual(update.value, { id: 1, a: 20, b: 'x' })
  assert.deepEqual(update.old_value, { a: 10 })
  await db.query(`DELETE FROM ${table}`)
  await f.untilRows([])
  assert.deepEqual(f.changes('delete').at(-1).value, { id: 1, a: 20, b: 'x' })
})

test('a change of columns that are not selected is not sent', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key, a int, b int')
  await db.query(`INSERT INTO ${table} VALUES (1, 1, 1)`)
  const f = new Follower(t, { table, columns: ['id', 'a'] })
  await f.untilUpToDate()
  await db.query(`UPDATE ${table} SET b = 2`)
  await db.query(`UPDATE ${table} SET a = 2`)
  await f.untilRows([{ id: 1, a: 2 }])
  assert.equal(f.changes('update').length, 1)
})

test('a large value that an update leaves alone stays', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key, n int, big text')
  await db.query(`ALTER TABLE ${table} ALTER big SET STORAGE EXTERNAL`)
  await db.query(`INSERT INTO ${table} VALUES (1, 1, repeat('big', 5000))`)
  const f = new Follower(t, { table, replica: 'full' })
  await f.untilUpToDate()
  await db.query(`UPDATE ${table} SET n = 2`)
  await f.untilRows([{ id: 1, n: 2, big: 'big'.repeat(5000) }])
  assert.deepEqual(f.changes('update').at(-1).old_value, { n: 1 })
})
