// A reporter for node --test that prints one JSON line for each test, which the Go test turns into its subtests.
export default async function* lines(source) {
  for await (const { type, data } of source) {
    if (type === 'test:diagnostic' || (type !== 'test:pass' && type !== 'test:fail')) continue
    if (data.details?.type === 'suite' || data.name.endsWith('.test.mjs')) continue
    const error = data.details?.error
    yield JSON.stringify({
      name: data.name,
      ok: type === 'test:pass',
      skip: data.skip === undefined ? '' : String(data.skip || 'skipped'),
      milliseconds: data.details?.duration_ms ?? 0,
      error: error ? String(error.cause?.stack ?? error.stack ?? error) : '',
    }) + '\n'
  }
}
