// Changes that arrive while a client waits, by long poll and by server-sent events.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTable, database, Follower, transaction } from './harness.mjs'

for (const liveSse of [false, true]) {
  const how = liveSse ? 'SSE' : 'long poll'

  test(`inserts, updates and deletes arrive by ${how}`, async (t) => {
    const db = database(t)
    const table = await createTable(db, 'id int primary key, a text, b text')
    await db.query(`INSERT INTO ${table} VALUES (1, 'a1', 'b1')`)
    const f = new Follower(t, { table }, { liveSse })
    await f.untilUpToDate()
    await db.query(`INSERT INTO ${table} VALUES (2, 'a2', 'b2')`)
    await f.untilRows([{ id: 1, a: 'a1', b: 'b1' }, { id: 2, a: 'a2', b: 'b2' }])
    await db.query(`UPDATE ${table} SET b = 'changed' WHERE id = 1`)
    await f.untilRows([{ id: 1, a: 'a1', b: 'changed' }, { id: 2, a: 'a2', b: 'b2' }])
    await db.query(`DELETE FROM ${table} WHERE id = 2`)
    await f.untilRows([{ id: 1, a: 'a1', b: 'changed' }])
    assert.deepEqual(f.changes('update').at(-1).value, { id: 1, b: 'changed' }, 'an update carries the key and what changed')
    assert.deepEqual(f.changes('delete').at(-1).value, { id: 2 }, 'a delete carries the key')
    assert.equal(f.refetches, 0)
  })

  test(`a transaction is seen as a whole by ${how}`, async (t) => {
    const db = database(t)
    const table = await createTable(db, 'id int primary key, balance int')
    await db.query(`INSERT INTO ${table} VALUES (1, 500), (2, 500)`)
    const f = new Follower(t, { table }, { liveSse })
    await f.untilUpToDate()
    const sums = new Set()
    const unsubscribe = f.stream.subscribe((batch) => {
      if (batch.at(-1)?.headers.control === 'up-to-date') sums.add(f.sorted().reduce((sum, r) => sum + r.balance, 0))
    })
    for (let i = 1; i <= 30; i++) {
      await transaction(db, `UPDATE ${table} SET balance = balance - ${i} WHERE id = 1`, `UPDATE ${table} SET balance = balance + ${i} WHERE id = 2`)
    }
    await f.untilRows([{ id: 1, balance: 500 - 465 }, { id: 2, balance: 500 + 465 }])
    unsubscribe()
    assert.deepEqual([...sums], [1000])
  })

  test(`a changed key is a delete and an insert by ${how}`, async (t) => {
    const db = database(t)
    const table = await createTable(db, 'id int primary key, a text')
    await db.query(`INSERT INTO ${table} VALUES (1, 'x')`)
    const f = new Follower(t, { table }, { liveSse })
    await f.untilUpToDate()
    await db.query(`UPDATE ${table} SET id = 9 WHERE id = 1`)
    await f.untilRows([{ id: 9, a: 'x' }])
    const [gone, come] = f.messages.filter((m) => m.headers.lsn)
    assert.equal(gone.headers.operation, 'delete')
    assert.equal(gone.headers.key_change_to, come.key)
    assert.equal(come.headers.operation, 'insert')
    assert.equal(come.headers.key_change_from, gone.key)
    assert.equal(come.headers.op_position, gone.headers.op_position + 1)
  })

  test(`rows move in and out of a where clause by ${how}`, async (t) => {
    const db = database(t)
    const table = await createTable(db, 'id int primary key, done bool, title text')
    await db.query(`INSERT INTO ${table} VALUES (1, false, 'one'), (2, true, 'two')`)
    const f = new Follower(t, { table, where: 'done = true' }, { liveSse })
    await f.untilUpToDate()
    assert.deepEqual(f.sorted(), [{ id: 2, done: true, title: 'two' }])
    await db.query(`UPDATE ${table} SET done = true WHERE id = 1`)
    await f.untilRows([{ id: 1, done: true, title: 'one' }, { id: 2, done: true, title: 'two' }])
    await db.query(`UPDATE ${table} SET done = NULL WHERE id = 2`)
    await f.untilRows([{ id: 1, done: true, title: 'one' }])
    await transaction(db, `INSERT INTO ${table} VALUES (3, false, 'no')`, `INSERT INTO ${table} VALUES (4, true, 'yes')`)
    await f.untilRows([{ id: 1, done: true, title: 'one' }, { id: 4, done: true, title: 'yes' }])
  })

  test(`a large transaction arrives by ${how}`, async (t) => {
    const db = database(t)
    const table = await createTable(db, 'id int primary key, filler text')
    const f = new Follower(t, { table }, { liveSse })
    await f.untilUpToDate()
    await db.query(`INSERT INTO ${table} SELECT i, repeat('x', 200) FROM generate_series(1, 5000) i`)
    await f.until(() => f.rows.size === 5000 && f.upToDate, '5000 rows')
    await db.query(`DELETE FROM ${table} WHERE id > 1`)
    await f.until(() => f.rows.size === 1, 'one row')
  })
}

test('many clients of one shape see the same', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id serial primary key, n int')
  const all = Array.from({ length: 8 }, () => new Follower(t, { table }))
  await Promise.all(all.map((f) => f.untilUpToDate()))
  for (let i = 0; i < 20; i++) await db.query(`INSERT INTO ${table} (n) VALUES (${i})`)
  await Promise.all(all.map((f) => f.until(() => f.rows.size === 20, '20 rows')))
  assert.equal(new Set(all.map((f) => f.stream.shapeHandle)).size, 1)
})

test('a table without a primary key', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'a int, b text')
  await db.query(`INSERT INTO ${table} VALUES (1, 'x'), (2, NULL)`)
  const f = new Follower(t, { table })
  await f.untilUpToDate()
  await db.query(`UPDATE ${table} SET b = 'y/z' WHERE a = 2`)
  await f.untilRows([{ a: 1, b: 'x' }, { a: 2, b: 'y/z' }], 'a')
  await db.query(`DELETE FROM ${table} WHERE a = 1`)
  await f.untilRows([{ a: 2, b: 'y/z' }], 'a')
})
