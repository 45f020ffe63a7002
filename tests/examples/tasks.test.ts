import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { passesHiddenChecks } from '../../src/app/run-hidden-checks.ts'
import { loadTasks, readTask } from '../../src/config/load-tasks.ts'
import { findExamples } from '../../src/consensus/examples.ts'
import { findEntryPoint, languageOfTask } from '../../src/consensus/find-entry-point.ts'
import { readEntryPoint } from '../../src/consensus/signature.ts'
import { createTestSandbox, whyNotHere } from '../support/this-machines-sandbox.ts'

const FOLDER = new URL('../../examples/tasks/', import.meta.url).pathname
const SOLUTIONS = join(FOLDER, 'solutions')
const tasks = await loadTasks(FOLDER)

const solutionOf = (task: (typeof tasks)[number]): string =>
  readFileSync(join(SOLUTIONS, `${task.id}.${task.language === 'python' ? 'py' : 'js'}`), 'utf8')

describe('the tasks that ship', () => {
  test('there are 32 or more, a quarter of them without an example, four in JavaScript', () => {
    expect(tasks.length).toBeGreaterThanOrEqual(32)
    expect(tasks.filter((task) => !task.hasExample).length * 4).toBeGreaterThanOrEqual(tasks.length)
    expect(tasks.filter((task) => task.language === 'javascript').length).toBe(4)
  })

  test('each says in its prompt what language and function it asks for, and shows examples only where it says so', () => {
    const read = tasks.map((task) => ({
      id: task.id,
      language: languageOfTask(task.prompt),
      entryPoint: findEntryPoint(task.prompt, []),
      hasExample: findExamples(task.prompt, readEntryPoint(task.entryPoint, task.prompt, task.language)).checks.length > 0,
    }))
    expect(read).toEqual(tasks.map(({ id, language, entryPoint, hasExample }) => ({ id, language, entryPoint, hasExample })))
  })

  test('no example of a prompt is one of its hidden checks', () => {
    const shown = tasks.flatMap((task) => {
      const { checks } = findExamples(task.prompt, readEntryPoint(task.entryPoint, task.prompt, task.language))
      const calls = new Set(checks.map((check) => JSON.stringify(check.call)))
      return task.hidden.filter((check) => calls.has(JSON.stringify(check.call))).map((check) => [task.id, check.call])
    })
    expect(shown).toEqual([])
  })

  test('each has one reference solution and no solution is without a task', () => {
    const names = tasks.map((task) => `${task.id}.${task.language === 'python' ? 'py' : 'js'}`)
    expect(readdirSync(SOLUTIONS).sort()).toEqual(names.sort())
  })
})

const why = await whyNotHere('bwrap')
describe.skipIf(why !== null)(`reference solutions${why === null ? '' : ` (skipped: ${why})`}`, () => {
  const sandbox = createTestSandbox('bwrap')
  afterAll(() => sandbox.dispose())

  test('every one passes all hidden checks of its task', async () => {
    const failed: string[] = []
    for (const task of tasks) if (!(await passesHiddenChecks(task, solutionOf(task), sandbox))) failed.push(task.id)
    expect(failed).toEqual([])
  })

  test('a program that is wrong in one case, does not load, or lacks the function does not pass', async () => {
    const task = tasks.find(({ id }) => id === 'split-bill')
    if (task === undefined) throw new Error('the task is gone')
    const right = solutionOf(task)
    const wrong = [right.replace('people <= 0', 'people < 0'), 'def split_bill(', 'def share(cents, people):\n    return []\n']
    const verdicts = await Promise.all([right, ...wrong].map((program) => passesHiddenChecks(task, program, sandbox)))
    expect(verdicts).toEqual([true, false, false, false])
  })
})

describe('a task file', () => {
  const text = readFileSync(join(FOLDER, 'split-bill.yaml'), 'utf8')

  test.each([
    ['another name than its task', text.replace('id: split-bill', 'id: other'), 'the task in it is called other'],
    ['a check that calls something else', text.replace('call: "split_bill(0', 'call: "eval(0'), 'is no call of split_bill'],
    ['a check whose argument is computed', text.replace('split_bill(0, 2)', 'split_bill(x, 2)'), 'is no call of split_bill'],
    ['a result that is no literal', text.replace('expected: "[0, 0]"', 'expected: "f()"'), 'f() is no literal'],
    ['a field nobody knows', `${text}extra: 1\n`, 'task split-bill.yaml'],
    ['no YAML', 'id: [', 'task split-bill.yaml'],
  ])('that has %s is refused, and the message names the file', (_what, changed, message) => {
    expect(() => readTask('split-bill.yaml', changed)).toThrow(message)
  })

  test('a folder without tasks is refused', async () => {
    await expect(loadTasks(join(FOLDER, 'nothing-here'))).rejects.toThrow('it holds no task')
  })
})
