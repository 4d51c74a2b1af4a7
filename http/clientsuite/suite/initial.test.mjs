// The first sync of a shape, in all the ways a shape can be asked for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Shape, ShapeStream } from '@electric-sql/client'
import { catchUp, createTable, database, directURL, Follower, get, shapeURL } from './harness.mjs'

test('a new client gets every row', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key, title text')
  await db.query(`INSERT INTO ${table} SELECT i, 'row ' || i FROM generate_series(1, 100) i`)
  const f = new Follower(t, { table })
  await f.untilUpToDate()
  assert.deepEqual(f.sorted(), Array.from({ length: 100 }, (_, i) => ({ id: i + 1, title: `row ${i + 1}` })))
})

test('an empty table is up to date with no rows', async (t) => {
  const table = await createTable(database(t), 'id int primary key')
  const f = new Follower(t, { table })
  await f.untilUpToDate()
  assert.equal(f.rows.size, 0)
})

test('a snapshot of several chunks arrives whole', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key, filler text')
  await db.query(`INSERT INTO ${table} SELECT i, repeat(md5(i::text), 10) FROM generate_series(1, 3000) i`)
  const chunks = new Set()
  const f = new Follower(t, { table }, {
    fetchClient: async (input, init) => {
      const r = await fetch(input, init)
      chunks.add(r.headers.get('electric-offset'))
      return r
    },
  })
  await f.untilUpToDate()
  assert.equal(f.rows.size, 3000)
  assert.ok(chunks.has('0_0') && chunks.has('0_1') && chunks.has('0_2'), `chunks ${[...chunks]}`)
})

test('the Shape class resolves rows', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key')
  await db.query(`INSERT INTO ${table} VALUES (1), (2)`)
  const abort = new AbortController()
  t.after(() => abort.abort())
  const shape = new Shape(new ShapeStream({ url: shapeURL, params: { table }, signal: abort.signal, warnOnHttp: false }))
  assert.deepEqual((await shape.rows).map((r) => r.id).sort(), [1, 2])
})

test('a stream that does not subscribe ends when it is up to date', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key')
  await db.query(`INSERT INTO ${table} VALUES (1)`)
  const f = new Follower(t, { table }, { subscribe: false })
  await f.untilUpToDate()
  assert.deepEqual(f.sorted(), [{ id: 1 }])
  assert.equal(f.messages.at(-1).headers.control, 'up-to-date')
})

test('where with params selects rows', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key, owner text, priority int')
  await db.query(`INSERT INTO ${table} VALUES (1, 'ann', 1), (2, 'bob', 5), (3, 'ann', 5), (4, null, 9), (5, 'o''hara', 9)`)
  const cases = [
    [{ where: 'owner = $1', params: ['ann'] }, [1, 3]],
    [{ where: 'owner = $1 AND priority > $2', params: { 1: 'ann', 2: '3' } }, [3]],
    [{ where: 'owner = $1', params: ["o'hara"] }, [5]],
    [{ where: 'owner IS NULL OR priority IN (1, 5)' }, [1, 2, 3, 4]],
    [{ where: "owner LIKE 'a%' AND NOT priority BETWEEN 2 AND 6" }, [1]],
    [{ where: 'false' }, []],
  ]
  for (const [clause, ids] of cases) {
    const f = new Follower(t, { table, ...clause })
    await f.untilUpToDate()
    assert.deepEqual(f.sorted().map((r) => r.id), ids, JSON.stringify(clause))
    f.abort.abort()
  }
})

test('columns select columns, quoted names included', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key, "camelCase" text, "with, comma" text, plain text')
  await db.query(`INSERT INTO ${table} VALUES (1, 'a', 'b', 'c')`)
  const f = new Follower(t, { table, columns: ['id', 'camelCase', 'with, comma'] })
  await f.untilUpToDate()
  assert.deepEqual(f.sorted(), [{ id: 1, camelCase: 'a', 'with, comma': 'b' }])
})

test('a table in another schema with a name to be quoted', async (t) => {
  const db = database(t)
  await db.query('CREATE SCHEMA IF NOT EXISTS "Other Schema"')
  await db.query('CREATE TABLE IF NOT EXISTS "Other Schema"."My.Table" (id int primary key)')
  await db.query('INSERT INTO "Other Schema"."My.Table" VALUES (7) ON CONFLICT DO NOTHING')
  const f = new Follower(t, { table: '"Other Schema"."My.Table"' })
  await f.untilUpToDate()
  assert.deepEqual(f.sorted(), [{ id: 7 }])
  assert.deepEqual(f.messages[0].headers.relation, ['Other Schema', 'My.Table'])
})

test('a bad request reaches the application with its message', async (t) => {
  const table = await createTable(database(t), 'id int primary key')
  const f = new Follower(t, { table, where: 'nothing = 1' })
  await assert.rejects(f.untilUpToDate(), (e) => {
    assert.equal(e.status, 400)
    assert.match(JSON.stringify(e.json), /unknown reference nothing/)
    return true
  })
})

test('the answer to a known etag is 304 without a body', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key')
  await db.query(`INSERT INTO ${table} VALUES (1)`)
  await catchUp({ table }, directURL)
  const first = await get({ table, offset: '-1' }, { base: directURL })
  assert.equal(first.status, 200)
  await first.text()
  const again = await get({ table, offset: '-1' }, { base: directURL, headers: { 'if-none-match': first.headers.get('etag') } })
  assert.equal(again.status, 304)
  assert.equal(await again.text(), '')
  assert.equal(again.headers.get('electric-handle'), first.headers.get('electric-handle'))
  assert.equal(again.headers.get('electric-schema'), null)
})
