import type { TestSuite } from '../domain/suite.ts'

/** Characters of a test file that are shown: a small model's window holds the task and its answer too. */
const MAX_SHOWN = 6_000

/** Returns what agents are told of the user's tests: what has to be imported from where, and the tests, whole lines of them. */
export function suiteText({ language, moduleName, names, text }: TestSuite): string {
  const wanted = names.map((name) => `\`${name}\``).join(', ')
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
    `These tests import ${wanted} from \`${moduleName}\`, the program that is asked for, and have to pass:`,
    '',
    `${fence}${language}`,
    ...shown,
    ...(more > 0 ? [`(${more} more lines are not shown)`] : []),
    fence,
  ].join('\n')
}
