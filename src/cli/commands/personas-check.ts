import { resolve } from 'node:path'
import { packagePath } from '../../app/compose.ts'
import { loadPersonas } from '../../config/load-personas.ts'
import { CodeConductorError, EXIT, type ExitCode } from '../../domain/errors.ts'
import type { Execute } from '../cli-context.ts'
import { plural } from '../format.ts'
import { loadSettings } from '../open-conductor.ts'
import { toJsonLine, toPrintableLine } from '../printable.ts'

/** Checks persona files and tells every problem of each. Exit 2 when there is one. */
export const execute: Execute = async (context, input) => {
  const { config } = await loadSettings(context, input)
  const paths = input.args.length > 0 ? input.args : [config.personas ?? packagePath('personas')]
  let code: ExitCode = EXIT.ok
  for (const path of paths) {
    const result = await check(resolve(context.cwd, path))
    if (result.problems.length > 0) code = EXIT.usage
    if (context.mode === 'json') {
      context.stdout.write(toJsonLine({ type: 'personas.checked', path, ...result }))
      continue
    }
    const name = toPrintableLine(path)
    if (result.problems.length === 0) context.stdout.write(`${name}: ${plural(result.personas, 'persona')}, no problem\n`)
    for (const problem of result.problems) context.stdout.write(`${toPrintableLine(problemLine(problem))}\n`)
  }
  return code
}

interface Checked {
  readonly personas: number
  readonly problems: readonly unknown[]
}

async function check(path: string): Promise<Checked> {
  try {
    return { personas: (await loadPersonas(path)).length, problems: [] }
  } catch (error) {
    if (!(error instanceof CodeConductorError) || error.code !== 'PERSONA_INVALID') throw error
    const problems = error.details['problems']
    return { personas: 0, problems: Array.isArray(problems) ? problems : [{ message: error.message }] }
  }
}

function problemLine(problem: unknown): string {
  const {
    file = '',
    line = null,
    field = '',
    message = '',
    suggestion = null,
  } = problem as Readonly<Record<string, string | number | null>>
  const place = line === null ? file : `${file}:${line}`
  return `${place}: ${field === '' ? '' : `${field}: `}${message}${suggestion === null ? '' : ` (did you mean "${suggestion}"?)`}`
}
