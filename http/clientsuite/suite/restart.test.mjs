// The server goes away and comes back: clients go on where they were, with nothing lost and nothing twice.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTable, database, Follower, server, whileDown } from './harness.mjs'

for (const signal of ['SIGTERM', 'SIGKILL']) {
  for (const liveSse of [false, true]) {
    test(`a client on ${liveSse ? 'SSE' : 'long poll'} goes on after ${signal} and a start`, async (t) => {
      const db = database(t)
      const table = await createTable(db, 'id int primary key, n int')
      await db.query(`INSERT INTO ${table} VALUES (1, 0)`)
      const f = new Follower(t, { table }, { liveSse })
      await f.untilUpToDate()
      await db.query(`INSERT INTO ${table} VALUES (2, 0)`)
      await f.untilRows([{ id: 1, n: 0 }, { id: 2, n: 0 }])
      const handle = f.stream.shapeHandle
      await whileDown(signal, async () => {
        await db.query(`INSERT INTO ${table} VALUES (3, 0)`)
        await db.query(`UPDATE ${table} SET n = 1 WHERE id = 1`)
        await db.query(`DELETE FROM ${table} WHERE id = 2`)
      })
      await f.untilRows([{ id: 1, n: 1 }, { id: 3, n: 0 }])
      await db.query(`INSERT INTO ${table} VALUES (4, 0)`)
      await f.untilRows([{ id: 1, n: 1 }, { id: 3, n: 0 }, { id: 4, n: 0 }])
      assert.equal(f.stream.shapeHandle, handle, 'the handle survives')
      assert.equal(f.refetches, 0)
    })
  }
}

test('a client that was away resumes from its handle and offset', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key')
  await db.query(`INSERT INTO ${table} VALUES (1)`)
  const first = new Follower(t, { table })
  await first.untilUpToDate()
  await db.query(`INSERT INTO ${table} VALUES (2)`)
  await first.untilRows([{ id: 1 }, { id: 2 }])
  const { shapeHandle: handle, lastOffset: offset } = first.stream
  first.abort.abort()
  await whileDown('SIGTERM', () => db.query(`INSERT INTO ${table} VALUES (3)`))
  const second = new Follower(t, { table }, { handle, offset })
  await second.untilRows([{ id: 3 }])
  assert.equal(second.stream.shapeHandle, handle)
  assert.equal(second.refetches, 0)
})

test('nothing is lost or doubled while the server is killed again and again under load', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key, n int')
  const f = new Follower(t, { table })
  await f.untilUpToDate()
  const handle = f.stream.shapeHandle
  let writing = true
  let n = 0
  const writer = (async () => {
    for (; writing; n++) {
      await db.query(`INSERT INTO ${table} VALUES ($1, 0)`, [n])
      if (n % 3 === 0) await db.query(`UPDATE ${table} SET n = n + 1 WHERE id = $1`, [Math.floor(n / 2)])
      if (n % 5 === 0) await db.query(`DELETE FROM ${table} WHERE id = $1`, [n - 4])
    }
  })()
  for (let i = 0; i < 3; i++) {
    const seen = f.messages.length
    await f.until(() => f.messages.length > seen + 20, 'more changes')
    await server('crash')
  }
  writing = false
  await writer
  const { rows } = await db.query(`SELECT id, n FROM ${table} ORDER BY id`)
  await f.untilRows(rows)
  assert.equal(f.stream.shapeHandle, handle)
  assert.equal(f.refetches, 0)
})
