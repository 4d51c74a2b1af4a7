// Shapes whose rows come and go with what a subquery finds.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTable, database, Follower, transaction, whileDown } from './harness.mjs'

/** Two parents, the first active, with two children each. */
async function family(db) {
  const parents = await createTable(db, 'id int primary key, active bool not null')
  const children = await createTable(db, 'id int primary key, parent_id int, title text')
  await db.query(`INSERT INTO ${parents} VALUES (1, true), (2, false)`)
  await db.query(`INSERT INTO ${children} VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c'), (4, 2, 'd')`)
  return { parents, children, where: `parent_id IN (SELECT id FROM ${parents} WHERE active = true)` }
}

const child = (id, parent_id, title) => ({ id, parent_id, title })
const moves = (f, event) => f.messages.filter((m) => m.headers.event === event)

for (const liveSse of [false, true]) {
  const how = liveSse ? 'SSE' : 'long poll'

  test(`rows come and go with what a subquery finds by ${how}`, async (t) => {
    const db = database(t)
    const { parents, children, where } = await family(db)
    const f = new Follower(t, { table: children, where }, { liveSse })
    await f.untilUpToDate()
    assert.deepEqual(f.sorted(), [child(1, 1, 'a'), child(2, 1, 'b')])
    const [row] = f.changes('insert')
    assert.match(row.headers.tags.join(), /^[0-9a-f]{32}$/)
    assert.deepEqual(row.headers.active_conditions, [true])

    await db.query(`INSERT INTO ${children} VALUES (5, 1, 'e'), (6, 2, 'f')`)
    await f.untilRows([child(1, 1, 'a'), child(2, 1, 'b'), child(5, 1, 'e')])
    await db.query(`UPDATE ${children} SET parent_id = 2 WHERE id = 1`)
    await f.untilRows([child(2, 1, 'b'), child(5, 1, 'e')])
    assert.equal(f.changes('delete').length, 1, 'a row that changes out of the shape is deleted')

    await db.query(`UPDATE ${parents} SET active = false WHERE id = 1`)
    await f.untilRows([])
    assert.equal(f.changes('delete').length, 1, 'rows that a move takes are not')
    const [out] = moves(f, 'move-out')
    assert.deepEqual(out.headers.patterns, [{ pos: 0, value: row.headers.tags[0] }])

    await db.query(`UPDATE ${parents} SET active = true WHERE id = 2`)
    await f.untilRows([child(1, 2, 'a'), child(3, 2, 'c'), child(4, 2, 'd'), child(6, 2, 'f')])
    const came = f.changes('insert').slice(-4)
    assert.ok(came.every((m) => m.headers.is_move_in && m.headers.lsn === undefined && m.headers.txids === undefined))
    assert.equal(moves(f, 'move-in').length, 1)
    assert.equal(f.messages.filter((m) => m.headers.control === 'snapshot-end').length, 2)

    await transaction(db, `INSERT INTO ${parents} VALUES (3, true)`, `INSERT INTO ${children} VALUES (7, 3, 'g')`, `DELETE FROM ${parents} WHERE id = 2`)
    await f.untilRows([child(7, 3, 'g')])
    await db.query(`UPDATE ${parents} SET active = true WHERE id = 1`)
    await f.untilRows([child(2, 1, 'b'), child(5, 1, 'e'), child(7, 3, 'g')])
    await db.query(`UPDATE ${children} SET parent_id = 3, title = 'B' WHERE id = 2`)
    await f.untilRows([child(2, 3, 'B'), child(5, 1, 'e'), child(7, 3, 'g')])
    assert.equal(f.changes('update').at(-1).headers.removed_tags.length, 1)
    assert.equal(f.refetches, 0)
  })

  test(`a row that is in the shape for another reason stays by ${how}`, async (t) => {
    const db = database(t)
    const { parents, children, where } = await family(db)
    const f = new Follower(t, { table: children, where: `${where} OR title = 'a'`, replica: 'full' }, { liveSse })
    await f.untilUpToDate()
    await db.query(`UPDATE ${parents} SET active = false WHERE id = 1`)
    await f.untilRows([child(1, 1, 'a')])
    await db.query(`UPDATE ${parents} SET active = true`)
    await f.untilRows([child(1, 1, 'a'), child(2, 1, 'b'), child(3, 2, 'c'), child(4, 2, 'd')])
    await db.query(`UPDATE ${children} SET title = 'x' WHERE id = 1`)
    await f.untilRows([child(1, 1, 'x'), child(2, 1, 'b'), child(3, 2, 'c'), child(4, 2, 'd')])
    await db.query(`UPDATE ${parents} SET active = false WHERE id = 1`)
    await f.untilRows([child(3, 2, 'c'), child(4, 2, 'd')])
    assert.equal(f.refetches, 0)
  })

  test(`rows leave with what a negated subquery finds by ${how}`, async (t) => {
    const db = database(t)
    const { parents, children } = await family(db)
    const f = new Follower(t, { table: children, where: `parent_id NOT IN (SELECT id FROM ${parents} WHERE active = true)` }, { liveSse })
    await f.untilUpToDate()
    assert.deepEqual(f.sorted(), [child(3, 2, 'c'), child(4, 2, 'd')])
    await db.query(`INSERT INTO ${children} VALUES (5, NULL, 'e')`)
    await db.query(`UPDATE ${parents} SET active = false WHERE id = 1`)
    await f.untilRows([child(1, 1, 'a'), child(2, 1, 'b'), child(3, 2, 'c'), child(4, 2, 'd'), child(5, null, 'e')]) // nothing is found: even NULL is not in it
    await db.query(`UPDATE ${parents} SET active = true WHERE id = 2`)
    await f.untilRows([child(1, 1, 'a'), child(2, 1, 'b')])
    assert.equal(f.refetches, 0)
  })

  for (const signal of ['SIGTERM', 'SIGKILL']) {
    test(`a client on ${how} fetches again after ${signal} and a start`, async (t) => {
      const db = database(t)
      const { parents, children, where } = await family(db)
      const f = new Follower(t, { table: children, where }, { liveSse })
      await f.untilUpToDate()
      const handle = f.stream.shapeHandle
      await whileDown(signal, () => db.query(`UPDATE ${parents} SET active = NOT active`))
      await f.until(() => f.refetches >= 1, 'must-refetch')
      await f.untilRows([child(3, 2, 'c'), child(4, 2, 'd')])
      assert.notEqual(f.stream.shapeHandle, handle)
      await db.query(`UPDATE ${parents} SET active = true WHERE id = 1`)
      await f.untilRows([child(1, 1, 'a'), child(2, 1, 'b'), child(3, 2, 'c'), child(4, 2, 'd')])
    })
  }
}

test('rows follow a change three tables away', async (t) => {
  const db = database(t)
  const { parents, children } = await family(db)
  const notes = await createTable(db, 'id int primary key, child_id int')
  await db.query(`INSERT INTO ${notes} VALUES (1, 1), (2, 2), (3, 3)`)
  const where = `child_id IN (SELECT id FROM ${children} WHERE parent_id IN (SELECT id FROM ${parents} WHERE active = true))`
  const all = Array.from({ length: 4 }, (_, i) => new Follower(t, { table: notes, where }, { liveSse: i % 2 === 1 }))
  await Promise.all(all.map((f) => f.untilRows([{ id: 1, child_id: 1 }, { id: 2, child_id: 2 }])))
  await db.query(`UPDATE ${parents} SET active = NOT active`)
  await Promise.all(all.map((f) => f.untilRows([{ id: 3, child_id: 3 }])))
  await db.query(`UPDATE ${children} SET parent_id = 2 WHERE id = 1`)
  await Promise.all(all.map((f) => f.untilRows([{ id: 1, child_id: 1 }, { id: 3, child_id: 3 }])))
  assert.equal(new Set(all.map((f) => f.stream.shapeHandle)).size, 1)
  assert.ok(all.every((f) => f.refetches === 0))
})
