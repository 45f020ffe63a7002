import type { TestSuite } from '../domain/suite.ts'

/** Characters of a test file that are shown: a small model's window holds the task and its answer too. */
const MAX_SHOWN = 6_000

const EXTENSION: Readonly<Record<TestSuite['language'], string>> = { python: 'py', javascript: 'mjs', typescript: 'ts' }

/**
 * Returns what agents are told of the user's tests: what has to be written, and the tests, whole lines of them. What is asked stands
 * behind the tests too: a small model goes on with what it read last, and would write the tests again.
 */
export function suiteText({ language, moduleName, names, text }: TestSuite): string {
  const file = `\`${moduleName}.${EXTENSION[language]}\``
  const wanted = names.map((name) => (name === 'default' ? 'a default export' : `\`${name}\``)).join(', ')
  const lines = text.trimEnd().split('\n')
  const shown: string[] = []
  let length = 0
  for (const line of lines) {
    length += line.length + 1
    if (length > MAX_SHOWN) break
    shown.push(line)
  }
  const more = lines.length - shown.length
  const fence = '`'.repeat(Math.max(3, ...(text.match(/`+/g) ?? []).map((run) => run.length + 1)))
  return [
    `The program is the file ${file}. It defines ${wanted}. These tests are there already and are run on it:`,
    '',
    `${fence}${language}`,
    ...shown,
    ...(more > 0 ? [`(${more} more lines are not shown)`] : []),
    fence,
    '',
    `Write ${file} and nothing of the tests. It does not import itself.`,
  ].join('\n')
}
