// What only a caching proxy shows: requests collapsed into one, and answers revalidated. Run only with nginx in between.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { catchUp, createTable, database, get, nginxLog } from './harness.mjs'

test('concurrent live requests are one request to the server', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key')
  const { offset, handle } = await catchUp({ table })
  const live = { table, offset, handle, live: 'true', cursor: '' }
  const waiting = Array.from({ length: 50 }, () => get(live))
  await pause(300) // lets all of them reach nginx; fewer would only make the test weaker
  await db.query(`INSERT INTO ${table} VALUES (1)`)
  const answers = await Promise.all(waiting)
  const bodies = await Promise.all(answers.map((r) => r.text()))
  assert.deepEqual([...new Set(answers.map((r) => r.status))], [200])
  assert.equal(new Set(bodies).size, 1)
  assert.match(bodies[0], /"operation":"insert"/)
  const log = await nginxLog(`live=true&offset=${offset}&table=${table}`, 50)
  assert.equal(log.length, 50)
  assert.equal(log.filter((l) => l.upstream !== '').length, 1, 'requests that reached the server')
})

test('a stale answer is revalidated with 304', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key')
  await db.query(`INSERT INTO ${table} VALUES (1)`)
  const { offset, handle } = await catchUp({ table })
  await db.query(`INSERT INTO ${table} VALUES (2)`)
  const request = { table, offset: '0_inf', handle, again: 'yes' }
  assert.equal(offset, '0_inf')
  const deadline = Date.now() + 10_000
  let first
  for (;;) {
    // Not cached under one URL until the change is there.
    first = await get({ ...request, again: String(Date.now()) })
    if ((await first.clone().text()).includes('insert')) break
    assert.ok(Date.now() < deadline, 'the change does not arrive')
  }
  const url = { ...request, again: new URL(first.url).searchParams.get('again') }
  const body = await first.text()
  await pause(4000) // max-age=1, stale-while-revalidate=1 on the suite's server, and nginx counts whole seconds
  const second = await get(url)
  assert.equal(second.status, 200)
  assert.equal(await second.text(), body)
  const log = await nginxLog(`again=${url.again}`, 2)
  assert.deepEqual(log.map((l) => [l.cache, l.upstream]), [['MISS', '200'], ['REVALIDATED', '304']])
})
