import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Calibration, calibrate } from '../../app/calibrate.ts'
import { compose, packagePath } from '../../app/compose.ts'
import { createReplayBackend } from '../../app/test-backends.ts'
import { loadPersonas } from '../../config/load-personas.ts'
import { loadTasks } from '../../config/load-tasks.ts'
import { BUILT_IN_CONFIG } from '../../domain/config.ts'
import { CodeConductorError, EXIT } from '../../domain/errors.ts'
import type { Backend } from '../../ports/backend.ts'
import type { CliContext, CommandInput, Execute } from '../cli-context.ts'
import { plural } from '../format.ts'
import { loadSettings } from '../open-conductor.ts'
import { toJsonLine } from '../printable.ts'

/** Fits CODEBLEU_WEIGHTS on recorded runs of tasks with hidden checks, and says what that gained on tasks held out. */
export const execute: Execute = async (context, input) => {
  const path = pathOf(context, input)
  const { config } = await loadSettings(context, input)
  const tasks = await loadTasks(path('tasks', packagePath('examples', 'tasks')))
  const backend = await openRecordings(path('recordings', packagePath('examples', 'recordings', 'live.jsonl')))
  const personas = await loadPersonas(packagePath('personas'))
  const artifactsDir = await mkdtemp(join(tmpdir(), 'codeconductor-calibrate-'))
  const { codebleu } = config
  const conductor = await compose({
    // Nothing else of the user's: a filter of models would leave out the recorded ones.
    config: { ...BUILT_IN_CONFIG, codebleu, artifactsDir },
    env: context.env,
    cwd: context.cwd,
    backends: [backend],
  })
  try {
    const calibration = await calibrate(tasks, personas, conductor, codebleu)
    context.stdout.write(
      context.mode === 'json' ? toJsonLine({ type: 'calibration', ...calibration }) : renderCalibration(calibration),
    )
    return EXIT.ok
  } finally {
    await conductor.close()
    await rm(artifactsDir, { recursive: true, force: true })
  }
}

async function openRecordings(file: string): Promise<Backend> {
  try {
    return await createReplayBackend(file)
  } catch (error) {
    if (error instanceof CodeConductorError) throw error
    throw new CodeConductorError('USAGE', 'the file of recorded answers cannot be read', {
      hint: 'codeconductor calibrate --recordings FILE',
      cause: error,
    })
  }
}

function pathOf({ cwd }: CliContext, { options }: CommandInput): (name: string, otherwise: string) => string {
  return (name, otherwise) => {
    const value = options[name]
    return typeof value === 'string' ? resolve(cwd, value) : otherwise
  }
}

/** Returns what was found, in sentences; the last one says what to do. */
export function renderCalibration(found: Calibration): string {
  const { tasks, unrecorded, moved, open, current, fitted, fittedOn, heldOut } = found
  const left = unrecorded === 0 ? '' : `; ${plural(unrecorded, 'task')} without a recorded run left out`
  const gain = heldOut.fitted - heldOut.current
  const lines = [
    `${plural(tasks, 'recorded run')}${left}.`,
    `The weights move the winner in ${moved}, and in ${open} of these between a right program and a wrong one: only there can they matter.`,
    `Fitted on ${plural(fittedOn.tasks, 'task')}: ${fittedOn.current} solved with ${current.join(',')}, ${fittedOn.fitted} with ${fitted.join(',')}.`,
    `Held out, ${plural(heldOut.tasks, 'task')}: ${heldOut.current} solved, ${heldOut.fitted} with the fitted weights.`,
    gain > 0
      ? `A gain of ${gain}. To use them: CODEBLEU_WEIGHTS=${fitted.join(',')}`
      : `Nothing is gained${gain < 0 ? ` (${-gain} fewer)` : ''}: leave CODEBLEU_WEIGHTS as it is. Likeness only tells equals apart, so that is the usual result.`,
  ]
  return `${lines.join('\n')}\n`
}
