import { existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createPinoLogger } from '../../src/telemetry/pino-logger.ts'

const fresh = () => join(mkdtempSync(join(tmpdir(), 'cc-log-')), 'logs', 'codeconductor.jsonl')

test('a note below the level leaves no file; one at the level is a line of JSON that only its owner reads', () => {
  const file = fresh()
  const logger = createPinoLogger({ file, level: 'warn' })
  logger.info({}, 'not worth a file')
  expect(existsSync(file)).toBe(false)
  logger.warn({ run: 'r1' }, 'worth one')
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ run: 'r1', msg: 'worth one' })
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('secrets are masked wherever they stand', () => {
  const file = fresh()
  createPinoLogger({ file, level: 'debug' }).error(
    { authorization: 's3cret', request: { headers: { cookie: 's3cret' }, token: 's3cret' } },
    'failed',
  )
  expect(readFileSync(file, 'utf8')).not.toContain('s3cret')
})

test('a place that cannot be written loses the note and nothing else', () => {
  const logger = createPinoLogger({ file: '/proc/nowhere/log.jsonl', level: 'debug' })
  expect(() => logger.error({}, 'lost')).not.toThrow()
})
