// Every column type as the client parses it: from the snapshot, and from the log.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTable, database, Follower } from './harness.mjs'

// column: [type, SQL value, what the client makes of it, and of the log if that differs]
const types = {
  i2: ['int2', '-32768', -32768],
  i4: ['int4', '2147483647', 2147483647],
  i8: ['int8', '9223372036854775807', 9223372036854775807n],
  f4: ['float4', '4.5', 4.5],
  f8: ['float8', "'-Infinity'", -Infinity],
  nan: ['float8', "'NaN'", NaN],
  num: ['numeric(20,5)', '12345678901234.5', '12345678901234.50000'],
  anynum: ['numeric', "'0.10'", '0.10'],
  yes: ['bool', 'true', true],
  no: ['bool', 'false', false],
  txt: ['text', `E'line\\n"quoted" \\\\ \\t \\u20ac \\U0001F600'`, 'line\n"quoted" \\ \t € 😀'],
  empty: ['text', "''", ''],
  vc: ['varchar(10)', "'abc'", 'abc'],
  ch: ['char(5)', "'ab'", 'ab   '],
  name: ['name', "'nm'", 'nm'],
  bin: ['bytea', `'\\x0001fffe'`, '\\x0001fffe'],
  id128: ['uuid', "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  d: ['date', "'2024-01-31'", '2024-01-31'],
  tm: ['time', "'13:45:00.123'", '13:45:00.123'],
  tmz: ['timetz', "'13:45:00+02'", '13:45:00+02'],
  ts: ['timestamp', "'2024-01-31 13:45:00.5'", '2024-01-31 13:45:00.5'],
  tsz: ['timestamptz', "'2024-01-31 13:45:00+02'", '2024-01-31 11:45:00+00'],
  iv: ['interval', "'1 year 2 months 3 days 4 hours'", 'P1Y2M3DT4H'],
  js: ['json', `'{"a": [1, null, "x"]}'`, { a: [1, null, 'x'] }],
  jsb: ['jsonb', `'{"b":1,"a":{"value":"v"}}'`, { a: { value: 'v' }, b: 1 }],
  mny: ['money', "'12.34'", '$12.34'],
  net: ['cidr', "'10.0.0.0/8'", '10.0.0.0/8'],
  mac: ['macaddr', "'08:00:2b:01:02:03'", '08:00:2b:01:02:03'],
  bits: ['bit(4)', "B'1010'", '1010'],
  vbits: ['varbit(8)', "B'101'", '101'],
  pt: ['point', "'(1.5,2)'", '(1.5,2)'],
  rng: ['int4range', "'[1,5)'", '[1,5)'],
  x: ['xml', "'<a>1</a>'", '<a>1</a>'],
  tsv: ['tsvector', "'a b'", "'a' 'b'"],
  ints: ['int4[]', "'{1,2,NULL}'", [1, 2, null]],
  grid: ['int4[][]', "'{{1,2},{3,4}}'", [[1, 2], [3, 4]]],
  bigs: ['int8[]', "'{9007199254740993}'", [9007199254740993n]],
  texts: ['text[]', `ARRAY['a', 'b c', 'q"uote', 'NULL']`, ['a', 'b c', 'q"uote', 'NULL']],
  bools: ['bool[]', "'{t,f}'", [true, false]],
  docs: ['jsonb[]', `ARRAY['{"a": 1}'::jsonb]`, [{ a: 1 }]],
  none: ['int4', 'NULL', null],
  nones: ['text[]', 'NULL', null],
}

test('every column type is parsed alike from the snapshot and from the log', async (t) => {
  const db = database(t)
  const kind = `mood_${process.pid}`
  await db.query(`CREATE TYPE ${kind} AS ENUM ('sad', 'ok'); CREATE DOMAIN ${kind}_d AS int CHECK (value > 0); CREATE TYPE ${kind}_c AS (a float8, b text)`)
  const all = {
    ...types,
    en: [kind, "'ok'", 'ok'],
    ens: [`${kind}[]`, "'{sad,ok}'", ['sad', 'ok']],
    dom: [`${kind}_d`, '7', '7'],
    comp: [`${kind}_c`, "ROW(1.5, 'x y')", '(1.5,"x y")'],
  }
  const columns = Object.keys(all)
  const table = await createTable(db, `id int primary key, ${columns.map((c) => `${c} ${all[c][0]}`).join(', ')}`)
  const insert = (id) => db.query(`INSERT INTO ${table} (id, ${columns.join(', ')}) VALUES (${id}, ${columns.map((c) => all[c][1]).join(', ')})`)
  await insert(1)
  const f = new Follower(t, { table })
  await f.untilUpToDate()
  await insert(2)
  await f.until(() => f.rows.size === 2, 'the row from the log')
  for (const [i, from] of ['snapshot', 'log'].entries()) {
    for (const c of columns) assert.deepEqual(f.sorted()[i][c], all[c][2], `${c} ${all[c][0]} from the ${from}`)
  }
})

test('custom parsers and the schema', async (t) => {
  const db = database(t)
  const table = await createTable(db, 'id int primary key, at timestamptz not null')
  await db.query(`INSERT INTO ${table} VALUES (1, '2024-01-31 13:45:00+00')`)
  const f = new Follower(t, { table }, { parser: { timestamptz: (text) => new Date(text) } })
  await f.untilUpToDate()
  assert.equal(f.sorted()[0].at.toISOString(), '2024-01-31T13:45:00.000Z')
})
