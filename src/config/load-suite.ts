import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { readSuite } from '../consensus/suite-file.ts'
import { CodeConductorError } from '../domain/errors.ts'
import { MAX_SUITE_CHARS, type TestSuite } from '../domain/suite.ts'

/**
 * Returns the test file at `file` (below `cwd`) as a suite; `module` names the module under test where several could be meant. Reads at
 * most 1 MiB. Throws `USAGE` for a file that cannot be read or used.
 */
export function loadSuite(cwd: string, file: string, module: string | null = null): TestSuite {
  return readSuite(file, readText(resolve(cwd, file), file), module)
}

function readText(path: string, file: string): string {
  const refuse = (why: string, cause?: unknown): CodeConductorError =>
    new CodeConductorError('USAGE', `--tests ${file.slice(0, 120)}: ${why}`, { cause, hint: 'codeconductor help tests' })
  let bytes: Buffer
  try {
    const stat = statSync(path)
    if (!stat.isFile()) throw refuse('it is no file')
    if (stat.size > 4 * MAX_SUITE_CHARS) throw refuse(`it has ${stat.size} bytes`)
    bytes = readFileSync(path)
  } catch (error) {
    if (error instanceof CodeConductorError) throw error
    throw refuse(`it cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'})`, error)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n')
  } catch (error) {
    throw refuse('it is not UTF-8 text', error)
  }
}
