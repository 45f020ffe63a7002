import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadSuite } from '../../src/config/load-suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'suite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeAll(() => {
  mkdirSync(join(folder, 'tests.py'))
  writeFileSync(join(folder, 'test_windows.py'), 'from adding import add\r\n\r\ndef test_a():\r\n    assert add(1, 2) == 3\r\n')
  writeFileSync(join(folder, 'test_bytes.py'), new Uint8Array([0x66, 0xff, 0xfe]))
  writeFileSync(join(folder, 'test_large.py'), 'x'.repeat(1_100_000))
})

test('a test file is read from the folder of the user, whatever ends its lines', () => {
  expect(loadSuite(folder, 'test_windows.py')).toMatchObject({
    file: 'test_windows.py',
    moduleName: 'adding',
    text: 'from adding import add\n\ndef test_a():\n    assert add(1, 2) == 3\n',
  })
})

test.each([
  ['absent.py', 'it cannot be read (ENOENT)'],
  ['tests.py', 'it is no file'],
  ['test_bytes.py', 'it is not UTF-8 text'],
  ['test_large.py', 'it has 1100000 bytes'],
  ['test_windows.py\0', 'it cannot be read (ERR_INVALID_ARG_VALUE)'],
])('%j is refused: %s', (file, why) => {
  expect(() => loadSuite(folder, file)).toThrow(
    expect.objectContaining({ code: 'USAGE', message: `--tests ${file}: ${why}`, hint: 'codeconductor help tests' }),
  )
})
