// log=changes_only with snapshots of subsets.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { Shape } from '@electric-sql/client'
import { createTable, database, Follower } from './harness.mjs'

async function hundred(t) {
  const db = database(t)
  const table = await createTable(db, 'id int primary key, grp text, n int')
  await db.query(`INSERT INTO ${table} SELECT i, CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END, i * 10 FROM generate_series(1, 100) i`)
  return { db, table }
}

const ids = (data) => data.map((m) => m.value.id)

test('changes_only starts without rows and gets changes', async (t) => {
  const { db, table } = await hundred(t)
  const f = new Follower(t, { table }, { log: 'changes_only' })
  await f.untilUpToDate()
  assert.equal(f.rows.size, 0)
  await db.query(`INSERT INTO ${table} VALUES (101, 'odd', 0)`)
  await f.untilRows([{ id: 101, grp: 'odd', n: 0 }])
})

for (const method of ['GET', 'POST']) {
  test(`requestSnapshot by ${method} selects, orders and limits`, async (t) => {
    const { table } = await hundred(t)
    const f = new Follower(t, { table, where: 'id <= 50' }, { log: 'changes_only', subsetMethod: method })
    await f.untilUpToDate()
    const first = await f.stream.requestSnapshot({ where: 'grp = $1 AND n > $2', params: { 1: 'even', 2: '100' }, orderBy: 'id DESC', limit: 3 })
    assert.deepEqual(ids(first.data), [50, 48, 46])
    assert.ok(first.metadata.database_lsn && first.metadata.xmin && first.metadata.xmax)
    const next = await f.stream.requestSnapshot({ where: 'grp = $1 AND n > $2', params: { 1: 'even', 2: '100' }, orderBy: 'id DESC', limit: 3, offset: 3 })
    assert.deepEqual(ids(next.data), [44, 42, 40])
    const either = await f.stream.requestSnapshot({ where: 'id = 1 OR id = 99', orderBy: 'id' })
    assert.deepEqual(ids(either.data), [1], "the shape's own where holds too")
    assert.deepEqual(f.sorted().map((r) => r.id), [1, 40, 42, 44, 46, 48, 50])
    assert.deepEqual(f.sorted()[0], { id: 1, grp: 'odd', n: 10 })
  })
}

test('changes after a snapshot are applied to it, and those within it are not doubled', async (t) => {
  const { db, table } = await hundred(t)
  const f = new Follower(t, { table }, { log: 'changes_only' })
  await f.untilUpToDate()
  let writing = true
  const writer = (async () => {
    for (let id = 1000; writing; id++) {
      await db.query(`INSERT INTO ${table} VALUES ($1, 'new', 0)`, [id])
      await db.query(`UPDATE ${table} SET n = n + 1 WHERE id = $1`, [1 + (id % 100)])
    }
  })()
  for (let i = 0; i < 10; i++) await f.stream.requestSnapshot({ where: `id BETWEEN ${i * 10 + 1} AND ${i * 10 + 10}`, orderBy: 'id', limit: 100 })
  writing = false
  await writer
  const { rows } = await db.query(`SELECT id, grp, n FROM ${table} WHERE id <= 100 ORDER BY id`)
  await f.until(() => isDeepStrictEqual(f.sorted().filter((r) => r.id <= 100), rows), 'the rows of the table')
})

test('the Shape class fetches its subsets again after a rotation', async (t) => {
  const { db, table } = await hundred(t)
  const f = new Follower(t, { table }, { log: 'changes_only' })
  const shape = new Shape(f.stream)
  await shape.requestSnapshot({ where: 'id < 4', orderBy: 'id', limit: 10 })
  assert.deepEqual(shape.currentRows.map((r) => r.id), [1, 2, 3])
  await db.query(`TRUNCATE ${table}`)
  await db.query(`INSERT INTO ${table} VALUES (2, 'again', 0), (50, 'far', 0)`)
  await f.until(() => f.refetches > 0 && shape.currentRows.some((r) => r.grp === 'again'), 'the subset of the new table')
})

test('a bad subset is refused with the place of the error', async (t) => {
  const { table } = await hundred(t)
  const f = new Follower(t, { table }, { log: 'changes_only' })
  await f.untilUpToDate()
  await assert.rejects(f.stream.fetchSnapshot({ where: 'nothing = 1' }), (e) => {
    assert.equal(e.status, 400)
    assert.match(JSON.stringify(e.json.errors.subset), /unknown reference nothing/)
    return true
  })
  await assert.rejects(f.stream.fetchSnapshot({ limit: 3 }), (e) => {
    assert.match(JSON.stringify(e.json.errors), /order_by is required/)
    return true
  })
})
