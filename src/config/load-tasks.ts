import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { entryPointCall } from '../consensus/call-expression.ts'
import { parseExpression } from '../consensus/expression.ts'
import { parseLiteral } from '../consensus/literal.ts'
import { readEntryPoint } from '../consensus/signature.ts'
import { CodeConductorError } from '../domain/errors.ts'
import { type HiddenCheck, type ScoredTask, Task } from '../domain/task.ts'
import { parseYaml } from './yaml-source.ts'

/**
 * Returns the tasks of a folder's *.yaml files, by id. Each file has the name of its task. Throws `CONFIG_INVALID` naming
 * the file for one that cannot be read, does not fit or holds a check that is no literal call; also for an empty folder.
 */
export async function loadTasks(folder: string): Promise<ScoredTask[]> {
  const names = await readdir(folder).catch(() => [])
  const files = names.filter((name) => name.endsWith('.yaml')).sort()
  if (files.length === 0) throw invalid(folder, 'it holds no task')
  const tasks = await Promise.all(files.map(async (file) => readTask(file, await readFile(join(folder, file), 'utf8'))))
  return tasks.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Returns the task in `text`. `file` is its name, for messages and for the id. Throws `CONFIG_INVALID`. */
export function readTask(file: string, text: string): ScoredTask {
  const parsed = Task.safeParse(parseValue(file, text))
  if (!parsed.success) throw invalid(file, z.prettifyError(parsed.error).split('\n')[0] ?? 'does not fit')
  const { checks, ...task } = parsed.data
  if (`${task.id}.yaml` !== file) throw invalid(file, `the task in it is called ${task.id}`)
  return { ...task, hidden: checks.map((check) => readCheck(file, task, check)) }
}

function parseValue(file: string, text: string): unknown {
  try {
    return parseYaml(text).value
  } catch (error) {
    throw invalid(file, error instanceof Error ? error.message : 'is no YAML')
  }
}

function readCheck(file: string, task: Omit<Task, 'checks'>, check: HiddenCheck): ScoredTask['hidden'][number] {
  const entry = readEntryPoint(task.entryPoint, task.prompt, task.language)
  const parsed = parseExpression(check.call, task.language)
  const isWhole = parsed !== null && check.call.slice(parsed.end).trim() === ''
  const call = isWhole ? entryPointCall(parsed.expression, entry) : null
  if (call === null) throw invalid(file, `${check.call} is no call of ${task.entryPoint} with literal arguments`)
  const expected = parseLiteral(check.expected, task.language)
  if (expected === null) throw invalid(file, `${check.expected} is no literal`)
  return { call, expected }
}

function invalid(file: string, why: string): CodeConductorError {
  return new CodeConductorError('CONFIG_INVALID', `task ${file}: ${why}`, { hint: 'see docs/tasks.md for the form of a task' })
}
