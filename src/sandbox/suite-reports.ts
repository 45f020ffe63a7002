import type { SuiteTest } from '../domain/suite.ts'

/*
 * What test frameworks print, which hostile code may have written: read line by line, in one pass, never trusted. Canaries, a stub
 * and mutants say how far a report can be believed.
 */

/** Characters of a failure's message that are kept. */
const MAX_MESSAGE = 400

/** Reads `unittest -v`: a line a test, then for each failure a block whose last line at the margin says why. */
export function parseUnittest(text: string): readonly SuiteTest[] {
  const lines = text.split('\n')
  const why = new Map<string, string>()
  let failed: string | null = null
  for (const line of lines) {
    const head = /^(?:FAIL|ERROR): (\w+) \(/.exec(line)
    if (head !== null) failed = head[1] ?? null
    else if (failed !== null && /^[A-Za-z_][\w.]{0,80}(?::|$)/.test(line)) why.set(failed, line)
    else if (line.startsWith('=====')) failed = null
  }
  return lines.flatMap((line): SuiteTest[] => {
    const found = /^(\w+) \([\w.]+\).*?\.\.\. (ok|FAIL|ERROR|skipped|expected failure|unexpected success)/.exec(line)
    if (found === null) return []
    const [, id = '', word] = found
    const status = word === 'ok' ? 'pass' : word === 'skipped' || word === 'expected failure' ? 'skip' : 'fail'
    return [withMessage(id, status, why.get(id))]
  })
}

/** Reads pytest's `-rA` summary: a line a test, with the reason behind it. */
export function parsePytest(text: string): readonly SuiteTest[] {
  return text.split('\n').flatMap((line): SuiteTest[] => {
    const found = /^(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS) (?:[^\s:]+::)+([^\s:]+)(?: - (.*))?/.exec(line)
    if (found === null) return []
    const [, word, id = '', why] = found
    const status = word === 'PASSED' ? 'pass' : word === 'SKIPPED' || word === 'XFAIL' ? 'skip' : 'fail'
    return [withMessage(id, status, why)]
  })
}

/** Reads the TAP of `node --test`; the `error` of a failure's block is its message. */
export function parseNodeTap(text: string): readonly SuiteTest[] {
  const tests: SuiteTest[] = []
  let isMessage = false
  for (const line of text.split('\n')) {
    const found = /^ *(not ok|ok) \d+ - (.*)$/.exec(line)
    if (found !== null) {
      isMessage = false
      const [name = '', directive] = (found[2] ?? '').split(/ # (SKIP|TODO)/)
      tests.push({ id: name.trim(), status: directive ? 'skip' : found[1] === 'ok' ? 'pass' : 'fail' })
      continue
    }
    const last = tests.at(-1)
    if (last?.status !== 'fail') continue
    const error = /^ +error: (?:'(.*)'|\|-|(.+))$/.exec(line)
    if (error !== null && last.message === undefined) {
      isMessage = error[1] === undefined && error[2] === undefined
      tests[tests.length - 1] = withMessage(last.id, 'fail', error[1] ?? error[2] ?? '')
    } else if (isMessage && /^ +(?:code|name|expected|actual|operator|stack|\.\.\.):?/.test(line)) isMessage = false
    else if (isMessage && line.trim() !== '') {
      tests[tests.length - 1] = withMessage(last.id, 'fail', `${last.message ?? ''} ${line.trim()}`.trim())
    }
  }
  return tests
}

/** Reads vitest's JSON report. */
export function parseVitest(text: string): readonly SuiteTest[] {
  let report: unknown
  try {
    report = JSON.parse(text)
  } catch {
    return []
  }
  const list = (value: unknown, key: string): readonly unknown[] => {
    const found = (value as Record<string, unknown> | null)?.[key]
    return Array.isArray(found) ? found : []
  }
  return list(report, 'testResults')
    .flatMap((file) => list(file, 'assertionResults'))
    .flatMap((test): SuiteTest[] => {
      if (typeof test !== 'object' || test === null) return []
      const { fullName, status } = test as Record<string, unknown>
      const [why] = list(test, 'failureMessages')
      return [
        withMessage(
          typeof fullName === 'string' ? fullName.slice(0, 300) : '',
          status === 'passed' ? 'pass' : status === 'failed' ? 'fail' : 'skip',
          typeof why === 'string' ? why.split('\n')[0] : undefined,
        ),
      ]
    })
}

function withMessage(id: string, status: SuiteTest['status'], message: string | undefined): SuiteTest {
  const told = message?.slice(0, MAX_MESSAGE)
  return status === 'pass' || told === undefined ? { id, status } : { id, status, message: told }
}
